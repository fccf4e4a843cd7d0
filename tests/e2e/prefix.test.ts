import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { call, say } from "../../vllm/simulator/brain.ts";
import type { RecordedRequest } from "../../vllm/simulator/scriptedServer.ts";
import { checkedProject, goodWorker, opening, type Part, swarmBrain } from "./steps.ts";
import { Host, type Project } from "./world.ts";

const body = z.looseObject({
  messages: z.array(z.looseObject({ role: z.string() })),
  tools: z.array(z.unknown()).default([]),
});

/** A request as a chat template lays it out: system prompt, tools, then what was said. */
function laidOut(request: RecordedRequest): { system: string; tools: string; said: string[] } {
  const { messages, tools } = body.parse(request.body);
  const of = (system: boolean) => messages.filter(({ role }) => (role === "system") === system);
  return {
    system: JSON.stringify(of(true)),
    tools: JSON.stringify(tools),
    said: of(false).map((message) => JSON.stringify(message)),
  };
}

const look = (agent: string) => call("task", { description: "look", prompt: "Where is it?", subagent_type: agent });
const parts: Part[] = [
  { name: "one", scope: ["src/one/**"], steps: [look("scout"), look("librarian"), ...goodWorker("src/one/a.mjs")] },
  { name: "two", scope: ["src/two/**"], steps: [look("scout"), ...goodWorker("src/two/a.mjs")] },
  { name: "three", scope: ["src/three/**"], steps: goodWorker("src/three/a.mjs"), dependsOn: ["one"] },
];

async function swarmOn(project: Project): Promise<readonly RecordedRequest[]> {
  const chat = await project.chat(swarmBrain([...opening(parts), say("Scripted: enough.")], parts));
  await chat.say("say hi");
  await chat.say("1");
  await project.until("all Workers ended", (swarm) =>
    Boolean(swarm?.workers.length && swarm.workers.every(({ status }) => status === "completed")),
  );
  return project.host.requests().filter(({ role }) => role !== "title");
}

/** Hours apart, so that it is another day there whatever the time is. */
const WEST = "Etc/GMT+12";
const EAST = "Pacific/Kiritimati";

describe("what the model server's prefix cache holds", () => {
  let yesterday: Host;
  let today: Host;
  let before: readonly RecordedRequest[];
  let after: readonly RecordedRequest[];

  beforeAll(async () => {
    yesterday = await Host.start({ env: { TZ: WEST } });
    today = await Host.start({ env: { TZ: EAST } });
    const project = await yesterday.project({ ...checkedProject, "AGENTS.md": "Keep it short.\n" });
    before = await swarmOn(project);
    await project.git("stash", "--include-untracked", "--quiet");
    await project.chat(swarmBrain([], [])).then((chat) => chat.command("abort-swarm", "test over"));
    await project.until("aborted", (swarm) => swarm?.phase === "aborted");
    await yesterday.crash();
    after = await swarmOn(project.on(today));
  });

  afterAll(async () => {
    await Promise.all([yesterday?.close(), today?.close()]);
  });

  const firstOf = (requests: readonly RecordedRequest[], role: string) =>
    [...new Map([...requests].reverse().map((each) => [each.sessionId, each])).values()]
      .filter((each) => each.role === role)
      .map(laidOut);

  test.each([
    ["commander", 1],
    ["worker", 3],
    ["scout", 2],
    ["librarian", 1],
  ])(
    "%s: system prompt and tools are the same bytes in every session, on another day, after a restart",
    (role, sessions) => {
      const all = [...firstOf(before, role), ...firstOf(after, role)];
      expect(all).toHaveLength(sessions * 2);
      expect(new Set(all.map(({ system }) => system)).size).toBe(1);
      expect(new Set(all.map(({ tools }) => tools)).size).toBe(1);
      expect(all[0]?.system).toContain("Keep it short.");
    },
  );

  test("Workers' briefings differ in their own part alone, also for one that began later", () => {
    const shared = firstOf(before, "worker").map(({ said }) => said[0]?.split("# Your part: ") ?? []);
    expect(shared.map(({ length }) => length)).toEqual([2, 2, 2]);
    expect(new Set(shared.map(([common]) => common)).size).toBe(1);
    expect(new Set(shared.map(([, own]) => own)).size).toBe(3);
  });

  test("a session only grows: each request begins with the whole of the one before", () => {
    const sessions = new Map<string, RecordedRequest[]>();
    for (const each of before) sessions.set(each.sessionId, [...(sessions.get(each.sessionId) ?? []), each]);
    for (const requests of sessions.values()) {
      const flat = requests.map(laidOut);
      for (const [index, next] of flat.slice(1).entries()) {
        const earlier = flat[index];
        expect(next.system).toBe(earlier?.system);
        expect(next.tools).toBe(earlier?.tools);
        expect(next.said.slice(0, earlier?.said.length)).toEqual(earlier?.said);
      }
    }
    expect(Math.max(...[...sessions.values()].map(({ length }) => length))).toBeGreaterThan(4);
  });
});
