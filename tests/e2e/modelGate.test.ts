import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GateLog } from "../../src/adapters/log/gateLog.ts";
import { summariseGate } from "../../src/core/gate/gateSummary.ts";
import type { Reply, Step } from "../../vllm/simulator/brain.ts";
import { call, fail, say } from "../../vllm/simulator/brain.ts";
import { checkedProject, goodWorker, opening, type Part, reportFailed, swarmBrain } from "./steps.ts";
import { Host, type Project, packageDir } from "./world.ts";

let host: Host;
beforeAll(async () => {
  host = await Host.start();
}, 120_000);
afterAll(() => host.close());

const ended = (swarm: { workers: readonly { status: string }[] } | undefined) =>
  swarm !== undefined &&
  swarm.workers.length > 0 &&
  swarm.workers.every((worker) => ["completed", "failed"].includes(worker.status));

/** One Worker that plays `steps` in `src/part/**`, brought to its end. */
async function withWorker(on: Host, steps: readonly Step[], limitMs = 60_000): Promise<Project> {
  const parts: Part[] = [{ name: "part", scope: ["src/part/**"], steps }];
  const project = await on.project(checkedProject);
  const chat = await project.chat(swarmBrain([...opening(parts), say("Scripted: ended.")], parts));
  await chat.say("Build it");
  await chat.mutter("1");
  await project.until("the Worker ended", ended, limitMs);
  return project;
}

const text = (content: string): Reply => ({ text: content });
const qwen = (name: string, parameters: Record<string, string>) =>
  `<function=${name}>\n${Object.entries(parameters)
    .map(([key, value]) => `<parameter=${key}>\n${value}\n</parameter>\n`)
    .join("")}</function>\n</tool_call>`;

/** The same write, said in the ways a local model says it. */
const ways: Record<string, Reply> = {
  "raw Qwen XML": text(
    `<tool_call>\n${qwen("write", { filePath: "src/part/a.mjs", content: "export const ok = 1;" })}`,
  ),
  "XML without the opening tag": text(qwen("write", { filePath: "src/part/a.mjs", content: "export const ok = 1;" })),
  "Hermes JSON": text(
    `<tool_call>\n${JSON.stringify({ name: "write", arguments: { filePath: "src/part/a.mjs", content: "export const ok = 1;" } })}\n</tool_call>`,
  ),
  "Python-literal arguments": call("write", "{'filePath': 'src/part/a.mjs', 'content': 'export const ok = 1;'}"),
  "a missing closing brace": call("write", '{"filePath": "src/part/a.mjs", "content": "export const ok = 1;"'),
  "a wrong-case tool name": call("Write", { filePath: "src/part/a.mjs", content: "export const ok = 1;" }),
  "an alias of a key": call("write", { file_path: "src/part/a.mjs", content: "export const ok = 1;" }),
  "an object where text is due": call("write", { filePath: "src/part/a.json", content: { ok: 1 } }),
};

const check = "node check.mjs";
const report = call("report_result", { status: "completed", summary: "s", qa: [{ command: check, passed: true }] });

describe("what a local model gets wrong is mended on its way", () => {
  test.each(Object.entries(ways))("%s: the file is written and the Worker ends", async (_, way) => {
    const bash = call("bash", { command: check });
    const project = await withWorker(host, [way, bash, report, say("Scripted: done.")]);
    expect((await project.state())?.workers[0]?.status).toBe("completed");
    const written = (await project.read("src/part/a.mjs")) ?? (await project.read("src/part/a.json"));
    expect(written).toMatch(/ok/u);
    expect(await project.read(".aegis/gate.jsonl")).toContain('"repaired"');
  });

  test("every answer is measured: who asked, how fast, how many tokens, how it ended", async () => {
    const project = await withWorker(host, goodWorker("src/part/a.mjs"));
    const { byRole, all } = summariseGate(await new GateLog(path.join(project.dir, ".aegis")).read());
    const asked = host
      .requests()
      .filter(
        (request) => (request.body.stream_options as { include_usage?: boolean } | undefined)?.include_usage !== true,
      );
    expect(asked).toEqual([]);
    expect(all.failed).toBe(0);
    for (const role of ["commander", "worker"]) {
      const row = byRole[role];
      expect(row?.answered).toBeGreaterThan(1);
      expect(row?.finish).toMatchObject({ tool_calls: expect.any(Number) });
      expect(row?.firstTokenMs?.p99).toBeGreaterThanOrEqual(row?.firstTokenMs?.p50 ?? Number.NaN);
      expect(row?.tokens).toMatchObject({ counted: row?.answered });
      expect(row?.tokens.prompt).toBeGreaterThan(100);
      expect(row?.tokens.output).toBeGreaterThan(0);
    }
    const shown = await execa(
      process.execPath,
      [path.join(packageDir, "bin/oh-my-qwencoder.js"), "swarm", "status", "--json"],
      {
        cwd: project.dir,
        env: host.environment,
        extendEnv: false,
      },
    );
    // The Worker's last words may have come meanwhile.
    expect(JSON.parse(shown.stdout).gate.byRole.worker.answered).toBeGreaterThanOrEqual(byRole.worker?.answered ?? 9);
  });

  test("stringified workers of the Commander are what they meant", async () => {
    const parts: Part[] = [{ name: "part", scope: ["src/part/**"], steps: goodWorker("src/part/a.mjs") }];
    const steps = opening(parts);
    const dispatch = steps.at(-2) as unknown as { toolCalls: { arguments: { workers: unknown } }[] };
    steps[steps.length - 2] = call("dispatch_workers", {
      workers: JSON.stringify(dispatch.toolCalls[0]?.arguments.workers),
    });
    const project = await host.project(checkedProject);
    const chat = await project.chat(swarmBrain([...steps, say("Scripted: ended.")], parts));
    await chat.say("Build it");
    await chat.say("1");
    const state = await project.until("ended", ended);
    expect(state.workers[0]?.status).toBe("completed");
  });

  test("with the repairs off the same call fails: the reason to have them", async () => {
    const off = await Host.start({
      settings: { gate: { repair: { textCalls: false, arguments: false, toolNames: false } } },
    });
    try {
      const first = ways["raw Qwen XML"] ?? say("");
      const project = await withWorker(off, [first, say("Scripted: I thought I wrote it."), say("Scripted: really.")]);
      expect((await project.state())?.workers[0]?.status).toBe("failed");
      expect(await project.read("src/part/a.mjs")).toBeUndefined();
    } finally {
      await off.close();
    }
  }, 120_000);

  test("a runaway is cut and freed at the server, and the Worker goes on", async () => {
    const before = host.requests().length;
    const endless = text(`I write.\n${"</tool_call>\n".repeat(20_000)}`);
    const project = await withWorker(host, [endless, reportFailed, say("Scripted: done.")]);
    expect(await project.read(".aegis/gate.jsonl")).toContain('"runaway"');
    const [cut] = host
      .requests()
      .slice(before)
      .filter((request) => request.role === "worker");
    expect(cut?.endedAt).toBeDefined();
  });
});

describe("what goes wrong at the model server", () => {
  /** Fails `times` times at the Worker's first call, then does what it should. */
  function flaky(times: number, failure: Reply): Step[] {
    let left = times;
    const [first = say(""), ...rest] = goodWorker("src/part/a.mjs");
    return [() => (left-- > 0 ? failure : (first as Reply)), ...rest];
  }

  test.each([429, 500, 503, 529])("HTTP %d twice is tried again: no lost Worker, no doubled text", async (status) => {
    const project = await withWorker(host, flaky(2, fail(status)));
    const state = await project.state();
    expect(state?.workers[0]).toMatchObject({ status: "completed", attempt: 1 });
    const log = (await project.read(".aegis/gate.jsonl")) ?? "";
    expect(log.split("\n").filter((line) => line.includes('"retry"'))).toHaveLength(2);
  });

  test("a 200 with an error in its body, and a wrong content type, are failures like any other", async () => {
    const inBody: Reply = {
      raw: { body: 'data: {"error":{"message":"engine dead","code":500}}\n\n', contentType: "text/event-stream" },
    };
    const html: Reply = { raw: { body: "<html>proxy</html>", contentType: "text/html" } };
    for (const failure of [inBody, html]) {
      const project = await withWorker(host, flaky(1, failure));
      expect((await project.state())?.workers[0]?.status).toBe("completed");
    }
  });
});

describe("egress", () => {
  test("a swarm's request to a host that is not allowed never leaves; the recording socket sees nothing", async () => {
    let seen = 0;
    const recorder = createServer((socket) => {
      seen += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => recorder.listen(0, "0.0.0.0", resolve));
    const port = (recorder.address() as { port: number }).port;
    const strict = await Host.start();
    try {
      // Another provider, configured by hand: its address is this machine's, but not loopback by name.
      const file = path.join(strict.home, ".config/opencode/opencode.json");
      const config = JSON.parse(await readFile(file, "utf8"));
      config.enabled_providers.push("far");
      config.provider.far = {
        npm: "@ai-sdk/openai-compatible",
        options: { baseURL: `http://0.0.0.0:${port}/v1` },
        models: { m: { name: "m", limit: { context: 1000, output: 100 } } },
      };
      await writeFile(file, JSON.stringify(config));
      const project = await strict.project(checkedProject);
      const chat = await project.chat(swarmBrain([say("Scripted: never asked.")], []));
      const answer = await project.client.session.prompt({
        sessionID: chat.session,
        agent: "commander",
        model: { providerID: "far", modelID: "m" },
        parts: [{ type: "text", text: "hello" }],
      });
      expect(JSON.stringify(answer.data?.info)).toContain("security.allowHosts");
      expect(seen).toBe(0);
      expect(await project.read(".aegis/gate.jsonl")).toContain('"refused"');
    } finally {
      await strict.close();
      recorder.close();
    }
  }, 120_000);
});
