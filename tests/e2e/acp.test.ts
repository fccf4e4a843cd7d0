import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { OpenCodeAcp } from "../../src/library/openCodeAcp.ts";
import type { AgentUpdate } from "../../src/ports/agentProcess.ts";
import { call, fail, say, silence } from "../../vllm/simulator/brain.ts";
import { type ProgramWorld, parentThatStays, processes, programWorld } from "./programWorld.ts";
import { MODEL, packageDir } from "./world.ts";

/** A real `opencode acp`, one for the whole file, on a scripted model. */
let world: ProgramWorld;
let acp: OpenCodeAcp;
const log: string[] = [];

beforeAll(async () => {
  world = await programWorld((turn) => {
    if (turn.lastToolResults.length > 0) return say(`Scripted: the tool said ${turn.lastToolResults[0]?.text.trim()}`);
    if (turn.userText.includes("a command"))
      return call("bash", { command: "echo from-$((40 + 2))", description: "x" });
    if (turn.userText.includes("outside")) return call("read", { filePath: "/etc/hostname" });
    if (turn.userText.includes("ask first")) return call("bash", { command: "whoami", description: "x" });
    if (turn.userText.includes("slowly")) return silence("Scripted: the beginning");
    if (turn.userText.includes("no key")) return fail(401, "Unauthorized: bad key");
    return say("Scripted: at once.");
  });
  const permission = { bash: { whoami: "ask" } };
  await writeFile(path.join(world.dir, "opencode.json"), JSON.stringify({ permission }));
  acp = new OpenCodeAcp({
    projectDir: world.dir,
    env: world.env,
    healthEvery: 1_000,
    log: (line) => void log.push(line),
  });
  await acp.initialize();
});
afterAll(async () => {
  await acp.shutdown();
  await world.close();
});

/** Does one prompt and keeps what was told of it. */
async function ask(prompt: string, options: { signal?: AbortSignal; timeout?: number } = {}) {
  const updates: AgentUpdate[] = [];
  const onUpdate = (update: AgentUpdate) => void updates.push(update);
  return { updates, result: await acp.execute(prompt, { agent: "build", onUpdate, ...options }) };
}

test("prompts at once, each with its answer and its tokens", async () => {
  const all = await Promise.all(["one", "two", "three"].map((prompt) => ask(prompt)));
  for (const { result, updates } of all) {
    expect(result, JSON.stringify(result)).toMatchObject({ exitCode: 0, stdout: "Scripted: at once.", stderr: "" });
    expect(result.tokens.input).toBeGreaterThan(100);
    expect(result.session).toMatch(/^ses_/);
    expect(updates.flatMap((one) => (one.kind === "text" ? [one.text] : [])).join("")).toBe("Scripted: at once.");
  }
  expect(await processes(world, "acp")).not.toEqual([]);
});

test("a tool call is seen from its beginning to its end; the answer is what came after it", async () => {
  const { result, updates } = await ask("run a command");
  expect(result).toMatchObject({ exitCode: 0, stdout: "Scripted: the tool said from-42" });
  const states = updates.flatMap((one) => (one.kind === "tool" ? [one.status] : []));
  expect([states[0], states.at(-1)]).toEqual(["pending", "completed"]);
  expect(updates.at(-1)).toMatchObject({ kind: "text" });
});

test("what OpenCode would ask about is refused: by rule the work goes on, by question it ends and says why", async () => {
  const outside = await ask("read outside");
  expect(outside.result, JSON.stringify(outside.result)).toMatchObject({ exitCode: 0 });
  expect(outside.result.stdout).toContain("prevents you from using");
  const asked = await ask("ask first");
  expect(asked.updates).toContainEqual({ kind: "refused", title: expect.stringContaining("whoami") });
  expect(asked.result).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("Nobody was there to allow") });
});

test("streaming, a stop in the middle, and the process goes on", async () => {
  const stop = new AbortController();
  const updates: AgentUpdate[] = [];
  const before = await processes(world, " acp ");
  const running = acp.execute("answer slowly", {
    agent: "build",
    signal: stop.signal,
    onUpdate: (update) => {
      updates.push(update);
      if (update.kind === "text") stop.abort();
    },
  });
  expect(await running).toMatchObject({ exitCode: 130, failure: { kind: "cancelled" } });
  expect(updates).toContainEqual(expect.objectContaining({ kind: "text", text: "Scripted: the beginning" }));
  const late = await ask("answer slowly", { timeout: 1_500 });
  expect(late.result).toMatchObject({ exitCode: 124, failure: { kind: "timeout" } });
  expect((await ask("again")).result).toMatchObject({ exitCode: 0 });
  expect(await processes(world, " acp ")).toEqual(before);
});

test("a failure of the model's is typed", async () => {
  expect((await ask("no key")).result).toMatchObject({ exitCode: 1, failure: { kind: "auth" } });
});

test("a process that hangs is ended, its prompt fails, the next one has a new process", async () => {
  let running: ReturnType<OpenCodeAcp["execute"]> | undefined;
  await new Promise<void>((begun) => {
    const onUpdate = ({ kind }: AgentUpdate) => kind === "text" && begun();
    running = acp.execute("answer slowly", { agent: "build", onUpdate });
  });
  // The guard around it is well: what hangs is OpenCode.
  const hung = await processes(world, " acp ", /^sh /);
  for (const pid of hung) process.kill(pid, "SIGSTOP");
  expect(await running).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("went away") });
  await expect.poll(() => log.join("\n")).toContain("opencode acp ended");
  expect((await ask("again")).result).toMatchObject({ exitCode: 0 });
  const now = await processes(world, " acp ");
  expect(now.filter((pid) => hung.includes(pid))).toEqual([]);
});

test("a long task of the executor goes by acp; where that fails, by a server, with the reason", async () => {
  const program = [
    `import { ParallelExecutor } from ${JSON.stringify(path.join(packageDir, "dist/index.js"))};`,
    'const task = { id: "a", description: "Rewrite the whole system and run a command", files: [] };',
    "console.log(JSON.stringify(await new ParallelExecutor().executeTasks([task])));",
  ].join("\n");
  const run = async (env: Record<string, string>) => {
    const options = { cwd: world.dir, env: { ...world.env, OMQ_MODEL: `aegis/${MODEL}`, ...env }, extendEnv: false };
    const { stdout } = await execa(process.execPath, ["--input-type=module", "-e", program], options);
    return JSON.parse(stdout);
  };
  const output = "Scripted: the tool said from-42";
  const good = { success: true, provider: "local", output };
  const bin = path.join(world.home, "bin");
  await mkdir(bin);
  const real = path.join((world.env.PATH ?? "").split(":", 1)[0] ?? "", "opencode");
  const without = `#!/bin/sh\n[ "$1" = acp ] && { echo "no acp in this house" >&2; exit 3; }\nexec ${real} "$@"\n`;
  await writeFile(path.join(bin, "opencode"), without, { mode: 0o755 });
  const [[first], [second]] = await Promise.all([run({}), run({ PATH: `${bin}:${world.env.PATH}` })]);
  expect(first).toMatchObject({ ...good, mode: "acp", fallbacks: [] });
  const fallbacks = [{ mode: "acp", reason: expect.stringContaining("no acp in this house") }];
  expect(second).toMatchObject({ ...good, mode: "serve", fallbacks });
  await expect.poll(() => processes(world, " serve ", /^$/), { timeout: 20_000 }).toEqual([]);
});

test("kill -9 of the program that has it leaves no process, and every call is on record", async () => {
  await acp.shutdown();
  expect(await processes(world, " acp ")).toEqual([]);
  const parent = await parentThatStays(
    world,
    "OpenCodeAcp",
    "await new OpenCodeAcp({ projectDir: process.cwd() }).initialize();",
    "console.log('up');",
  );
  expect(await processes(world, " acp ")).not.toEqual([]);
  await parent.kill();
  await expect.poll(() => processes(world, " acp "), { timeout: 20_000 }).toEqual([]);
  const calls = await readFile(path.join(world.home, ".local/state/oh-my-qwencoder/calls.jsonl"), "utf8");
  expect(JSON.parse(calls.split("\n")[0] ?? "")).toMatchObject({ via: "acp", exitCode: 0 });
  expect(calls).not.toContain("Scripted: at once");
});
