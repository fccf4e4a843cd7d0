import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { GateLog } from "../../src/adapters/log/gateLog.ts";
import { summariseGate } from "../../src/core/gate/gateSummary.ts";
import type { Reply, Step } from "../../vllm/simulator/brain.ts";
import { call, say, script } from "../../vllm/simulator/brain.ts";
import {
  checkedProject,
  everyWorkerEnded,
  goodWorker,
  opening,
  type Part,
  reportFailed,
  sessionOf,
  swarmBrain,
} from "./steps.ts";
import { Host, type Project, packageDir } from "./world.ts";

let host: Host;
beforeAll(async () => {
  host = await Host.start();
}, 120_000);
afterAll(() => host.close());

/** One Worker that plays `steps` in `src/part/**`, brought to its end. */
async function withWorker(on: Host, steps: readonly Step[], limitMs = 60_000): Promise<Project> {
  const parts: Part[] = [{ name: "part", scope: ["src/part/**"], steps }];
  const project = await on.project(checkedProject);
  const chat = await project.chat(swarmBrain([...opening(parts), say("Scripted: ended.")], parts));
  await chat.say("Build it");
  await chat.mutter("1");
  await project.until("the Worker ended", everyWorkerEnded, limitMs);
  return project;
}

/** A Worker for each entry, all in one swarm: `<name>` plays its steps in `src/<name>/**`. Brought to their ends. */
async function withWorkers(on: Host, steps: Readonly<Record<string, readonly Step[]>>): Promise<Project> {
  const parts: Part[] = Object.entries(steps).map(([name, each]) => ({
    name,
    scope: [`src/${name}/**`],
    steps: each,
  }));
  const project = await on.project(checkedProject);
  const chat = await project.chat(swarmBrain([...opening(parts), say("Scripted: ended.")], parts));
  await chat.say("Build it");
  await chat.mutter("1");
  await project.until("the Workers ended", everyWorkerEnded);
  return project;
}

const noted = z.looseObject({
  session: z.string(),
  report: z.looseObject({ counts: z.record(z.string(), z.number()) }).optional(),
});

/** Which repairs the gate made in one Worker's answers. */
async function repairsOf(project: Project, session: string) {
  const lines = await new GateLog(path.join(project.dir, ".aegis")).read();
  return lines
    .map((line) => noted.parse(line))
    .filter((line) => line.session === session)
    .flatMap(({ report }) => Object.keys(report?.counts ?? {}));
}

const text = (content: string): Reply => ({ text: content });
const qwen = (name: string, parameters: Record<string, string>) =>
  `<function=${name}>\n${Object.entries(parameters)
    .map(([key, value]) => `<parameter=${key}>\n${value}\n</parameter>\n`)
    .join("")}</function>\n</tool_call>`;

const OK = "export const ok = 1;";

/** The same write below `src/<name>`, said in the ways a local model says it. */
const ways: Record<string, (file: string) => Reply> = {
  "raw Qwen XML": (file) => text(`<tool_call>\n${qwen("write", { filePath: `${file}.mjs`, content: OK })}`),
  "XML without the opening tag": (file) => text(qwen("write", { filePath: `${file}.mjs`, content: OK })),
  "Hermes JSON": (file) =>
    text(
      `<tool_call>\n${JSON.stringify({ name: "write", arguments: { filePath: `${file}.mjs`, content: OK } })}\n</tool_call>`,
    ),
  "Python-literal arguments": (file) => call("write", `{'filePath': '${file}.mjs', 'content': '${OK}'}`),
  "a missing closing brace": (file) => call("write", `{"filePath": "${file}.mjs", "content": "${OK}"`),
  "a wrong-case tool name": (file) => call("Write", { filePath: `${file}.mjs`, content: OK }),
  "an alias of a key": (file) => call("write", { file_path: `${file}.mjs`, content: OK }),
  "an object where text is due": (file) => call("write", { filePath: `${file}.json`, content: { ok: 1 } }),
};
const nameOf = (way: string) => way.replaceAll(/[^A-Za-z]+/gu, "-");

const check = "node check.mjs";
const bare = call("bash", { command: check });

const TEXT_OF_OBJECT = '{\n  "ok": 1\n}\n';
/** A file, and an edit of it whose `oldString` and `newString` are the objects in place of their text. */
const objectAsOldString: Reply[] = [
  call("write", { filePath: "src/part/a.json", content: TEXT_OF_OBJECT }),
  call("edit", { filePath: "src/part/a.json", oldString: { ok: 1 }, newString: { ok: 2 } }),
];

const TODOS = [{ content: "write it", status: "pending", priority: "high" }];
const todos = call("todowrite", { todos: JSON.stringify(TODOS) });

const report = call("report_result", { status: "completed", summary: "s", qa: [{ command: check, passed: true }] });

describe("what a local model gets wrong is mended on its way", () => {
  test("each way to say a write: the file is written and the Worker ends", async () => {
    const steps = ([way, said]: [string, (file: string) => Reply]): [string, Step[]] => [
      nameOf(way),
      [said(`src/${nameOf(way)}/a`), bare, report, say("Scripted: done.")],
    ];
    const project = await withWorkers(host, Object.fromEntries(Object.entries(ways).map(steps)));
    const { workers } = (await project.state()) ?? { workers: [] };
    expect(workers).toHaveLength(Object.keys(ways).length);
    for (const worker of workers) {
      const { name } = worker.assignment;
      expect(worker.status, name).toBe("completed");
      const files = await Promise.all([".mjs", ".json"].map((kind) => project.read(`src/${name}/a${kind}`)));
      expect(files.join(""), name).toMatch(/ok/u);
      const repairs = await repairsOf(project, sessionOf(worker));
      expect(repairs, name).not.toEqual([]);
    }
  });

  test("an object where the text to replace is due: the edit is made", async () => {
    const project = await withWorker(host, [...objectAsOldString, reportFailed, say("Scripted: done.")]);
    expect(await project.read("src/part/a.json")).toBe('{\n  "ok": 2\n}\n');
    expect(await project.read(".aegis/gate.jsonl")).toMatch(/"objectAsText":[12]\b/u);
  });

  // OpenCode 1.18 itself asks for none: filled it is where the tool's schema does (the corpus).
  test("a command without its description runs, and nothing has to be mended for it", async () => {
    const [write = say(""), , report = say("")] = goodWorker("src/part/a.mjs");
    const project = await withWorker(host, [write, bare, report, say("Scripted: done.")]);
    expect((await project.state())?.workers[0]?.status).toBe("completed");
    const { byRole } = summariseGate(await new GateLog(path.join(project.dir, ".aegis")).read());
    expect(byRole.worker?.repairs).toEqual({});
  });

  test("with the repair on for every session: a to-do list as text is a list, in a chat that is no swarm's", async () => {
    const every = await Host.start({ settings: { gate: { repair: { everySession: true } } } });
    try {
      const project = await every.project(checkedProject);
      const chat = await project.chat(script([todos, bare, say("Scripted: done.")]), "build");
      await chat.say("do it");
      const [listed, ran] = await chat.tools();
      expect(listed).toMatchObject({ tool: "todowrite", status: "completed", input: { todos: TODOS } });
      expect(ran).toMatchObject({ tool: "bash", status: "completed", text: expect.stringContaining("passed") });
      const kept = await project.client.session.todo({ sessionID: chat.session });
      expect(kept.data).toMatchObject(TODOS);
    } finally {
      await every.close();
    }
  }, 120_000);

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
    const state = await project.until("ended", everyWorkerEnded);
    expect(state.workers[0]?.status).toBe("completed");
  });

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

describe("with the repairs off the same answers fail: the reason to have them", () => {
  let off: Host;
  beforeAll(async () => {
    off = await Host.start({
      settings: { gate: { repair: { textCalls: false, arguments: false, toolNames: false } } },
    });
  }, 120_000);
  afterAll(() => off.close());

  test("each way to say a write", async () => {
    // OpenCode itself puts a wrong-case name right.
    const failing = Object.entries(ways).filter(([way]) => way !== "a wrong-case tool name");
    const ended = [say("Scripted: I thought I wrote it."), say("Scripted: really.")];
    const steps = failing.map(([way, said]) => [nameOf(way), [said(`src/${nameOf(way)}/a`), ...ended]]);
    const project = await withWorkers(off, Object.fromEntries(steps));
    const { workers } = (await project.state()) ?? { workers: [] };
    expect(workers).toHaveLength(failing.length);
    for (const worker of workers) {
      const { assignment, status } = worker;
      expect(status, assignment.name).toBe("failed");
      const files = [".mjs", ".json"].map((kind) => project.read(`src/${assignment.name}/a${kind}`));
      expect(await Promise.all(files), assignment.name).toEqual([undefined, undefined]);
      const repairs = await repairsOf(project, sessionOf(worker));
      expect(repairs, assignment.name).toEqual([]);
    }
  });

  test("an object where the text to replace is due, and a to-do list as text", async () => {
    const project = await withWorker(off, [...objectAsOldString, reportFailed, say("Scripted: done.")]);
    expect(await project.read("src/part/a.json")).toBe(TEXT_OF_OBJECT);
    const chat = await project.chat(script([todos, say("Scripted: done.")]), "build");
    await chat.say("do it");
    expect(await chat.tools()).toMatchObject([{ status: "error", text: expect.stringContaining("invalid arguments") }]);
  });
});
