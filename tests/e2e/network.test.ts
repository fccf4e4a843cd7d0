import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { call, say } from "../../vllm/simulator/brain.ts";
import { bash, paired, turns } from "./attackList.ts";
import { ISOLATIONS, inMode } from "./isolation.ts";
import { checkedProject, opening, type Part, reportFailed, swarmBrain } from "./steps.ts";
import { Host } from "./world.ts";

vi.setConfig({ testTimeout: 150_000 });

/** A service of the person's on this machine, and the paths it was asked for. */
async function service(): Promise<{ server: Server; port: number; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.end("SERVED");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port, asked };
}

describe.each(ISOLATIONS)("sandbox.network, isolation %s", (isolation) => {
  let host: Host;
  let allowed: Awaited<ReturnType<typeof service>>;
  let other: Awaited<ReturnType<typeof service>>;
  beforeAll(async () => {
    [allowed, other] = await Promise.all([service(), service()]);
    const { settings } = inMode(isolation, { sandbox: { network: [`localhost:${allowed.port}`, "registry"] } });
    host = await Host.start({ ...(settings ? { settings } : {}) });
  }, 90_000);
  afterAll(async () => {
    await host.close();
    for (const { server } of [allowed, other]) server.close();
  });

  test("a Worker and the Commander reach what the person declared and nothing else; a Scout nothing; all tries are on record", async () => {
    const project = await host.project({
      ...checkedProject,
      "aegis.jsonc": JSON.stringify({ sandbox: { network: [`localhost:${other.port}`, "evil.example"] } }),
    });
    const tries = (who: string) => [
      bash("allowed", `curl -sS -m 5 http://localhost:${allowed.port}/${who}`),
      bash("a repository's wish", `curl -sS -m 5 http://localhost:${other.port}/${who}`),
      bash("a repository's wish by the proxy", "curl -sS -m 5 http://evil.example/"),
      bash("OpenCode's port by the proxy", `curl -sS -m 5 --noproxy '' ${host.url}/session`),
      bash("a tunnel to OpenCode's port", `curl -sS -m 5 -p --noproxy '' -x $HTTP_PROXY ${host.url}/session`),
    ];
    const parts: Part[] = [
      {
        name: "a",
        scope: ["src/a/**"],
        steps: [
          ...turns(tries("worker")),
          call("task", { description: "look", prompt: "Where?", subagent_type: "scout" }),
          reportFailed,
          say("Scripted: end."),
        ],
      },
    ];
    const brain = swarmBrain([...opening(parts, turns(tries("commander"))), say("Scripted: over.")], parts);
    const chat = await project.chat(brain);
    await chat.say("Build it");
    await chat.say("1", 120_000);
    const state = await project.until("the Worker ended", (swarm) => swarm?.workers[0]?.status === "failed");
    const session = state.workers[0] && "session" in state.workers[0] ? (state.workers[0].session ?? "") : "";
    const shells = [await project.tools(session), await chat.tools()].map((parts) =>
      parts.filter(({ tool }) => tool === "bash"),
    );
    for (const made of shells) {
      const [first, ...others] = paired(tries(""), made);
      expect(first?.[1].text).toContain("SERVED");
      for (const [attack, part] of others) {
        expect(part.text, attack.what).toContain("Next step:");
        expect(part.text, attack.what).not.toContain("SERVED");
      }
    }
    expect(allowed.asked.sort()).toEqual(["/commander", "/worker"]);
    expect(other.asked).toEqual([]);
    const record = ((await project.read(".aegis/network.jsonl")) ?? "")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(record).toContainEqual(expect.objectContaining({ host: "127.0.0.1", port: allowed.port }));
    expect(record).toContainEqual(expect.objectContaining({ host: "evil.example", refused: expect.any(String) }));
    expect(record.filter(({ refused }) => refused === undefined).every(({ port }) => port === allowed.port)).toBe(true);
  });

  test("OpenCode killed in the middle of a command ends the command", async () => {
    const project = await host.project(checkedProject);
    const command = "touch src/a/up; (setsid sleep 979 &); nohup sleep 979";
    const parts: Part[] = [
      { name: "a", scope: ["src/a/**"], steps: [call("bash", { command, description: "stay" }), reportFailed] },
    ];
    const chat = await project.chat(swarmBrain([...opening(parts), say("Scripted: over.")], parts));
    await chat.say("Build it");
    await chat.mutter("1");
    await expect.poll(() => sleepers().length, { timeout: 60_000 }).toBe(2);
    await host.kill();
    await expect.poll(sleepers, { timeout: 30_000 }).toEqual([]);
    await host.revive();
  });
});

function sleepers(): string[] {
  const table = execFileSync("ps", ["-eo", "args"]).toString().split("\n");
  return table.filter((line) => line.trim() === "sleep 979");
}
