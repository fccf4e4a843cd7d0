import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { detectCLI, executeViaCLI, ParallelExecutor, type TaskWork } from "../../src/index.ts";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const fixture = (name: string) => path(`../fixtures/cli/${name}.json`);

/** A home, a project and a PATH with scripted command lines, for this process while the test runs. */
function world(settings: object, clis: readonly string[]): string {
  const dir = mkdtempSync(join(tmpdir(), "omq-executor-"));
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  });
  const project = join(dir, "project");
  for (const each of ["bin", "project", ".config/oh-my-qwencoder"]) mkdirSync(join(dir, each), { recursive: true });
  writeFileSync(join(dir, ".config/oh-my-qwencoder/aegis.jsonc"), JSON.stringify(settings));
  for (const cli of clis) symlinkSync(path("../adapters/programs/scripted.mjs"), join(dir, "bin", cli));
  vi.stubEnv("HOME", dir);
  vi.stubEnv("XDG_CONFIG_HOME", "");
  vi.stubEnv("XDG_STATE_HOME", "");
  vi.stubEnv("PATH", `${join(dir, "bin")}:${process.env.PATH}`);
  vi.stubEnv("SCRIPTED_NOTES", join(dir, "notes.json"));
  return project;
}

const tasks = [
  { id: "task-1", description: "Implement user service", type: "implementation", files: ["src/services/user.ts"] },
  { id: "task-2", description: "Implement auth service", type: "implementation", files: ["src/services/auth.ts"] },
  {
    id: "task-3",
    description: "Write integration tests",
    type: "test",
    files: ["src/__tests__/integration.test.ts"],
    dependsOn: ["task-1", "task-2"],
  },
] as const;
const list = tasks.map((task) => ({
  ...task,
  files: [...task.files],
  dependsOn: "dependsOn" in task ? [...task.dependsOn] : [],
}));

/** Work that takes a moment of promises and notes what ran at once. */
function noting() {
  const log: string[] = [];
  let now = 0;
  let most = 0;
  const work: TaskWork = async ({ id }) => {
    most = Math.max(most, ++now);
    log.push(`+${id}`);
    await new Promise((resolve) => setImmediate(resolve));
    now -= 1;
    log.push(`-${id}`);
    return { success: true, provider: "local", agent: "executor" };
  };
  return { work, log, most: () => most };
}

describe("strategies", () => {
  test("hybrid runs what it can at once and the rest after", async () => {
    const { work, log } = noting();
    const results = await new ParallelExecutor({ maxConcurrent: 3, strategy: "hybrid", work }).executeTasks(list);
    expect(log).toEqual(["+task-1", "+task-2", "-task-1", "-task-2", "+task-3", "-task-3"]);
    expect(results.map(({ taskId, success }) => [taskId, success])).toEqual(list.map(({ id }) => [id, true]));
  });

  test("files in common are never written at once, in the longest order first", async () => {
    const { work, most } = noting();
    const same = ["a", "b", "c"].map((id) => ({ id, files: ["src/**"] }));
    await new ParallelExecutor({ maxConcurrent: 9, work }).executeTasks(same);
    expect(most()).toBe(1);
  });

  test("sequential keeps the order given", async () => {
    const { work, log } = noting();
    const order = ["long", "b", "a"].map((id) => ({ id, files: [`${id}.ts`] }));
    await new ParallelExecutor({ strategy: "sequential", work }).executeTasks(order);
    expect(log).toEqual(["+long", "-long", "+b", "-b", "+a", "-a"]);
    const early = [list[2], list[0], list[1]].flatMap((task) => task ?? []);
    await expect(new ParallelExecutor({ work }).executeSequential(early)).rejects.toThrow("stands before");
  });

  test("parallel refuses dependencies and conflicts before anything starts", async () => {
    const { work, log, most } = noting();
    const executor = new ParallelExecutor({ strategy: "parallel", work });
    await expect(executor.executeTasks(list)).rejects.toThrow("Dependencies exist between tasks");
    const clash = ["a", "b"].map((id) => ({ id, files: ["x.ts"] }));
    await expect(executor.executeTasks(clash)).rejects.toThrow("x.ts (a, b)");
    expect(log).toEqual([]);
    await executor.executeParallel(
      ["a", "b", "c"].map((id) => ({ id, files: [id] })),
      2,
    );
    expect(most()).toBe(2);
  });

  test("what is no task, and a width that is none", async () => {
    await expect(new ParallelExecutor().executeTasks([{ id: "", files: [] }])).rejects.toThrow("Task 1: id");
    expect(() => new ParallelExecutor({ maxConcurrent: 26 })).toThrow("from 1 to 25");
  });
});

describe("command lines", () => {
  test("the local model is asked through OpenCode with its model named", async () => {
    const project = world({ model: "aegis/qwen3-coder-next" }, ["opencode"]);
    vi.stubEnv("SCRIPTED", fixture("opencode-success"));
    const [result] = await new ParallelExecutor({ projectDir: project }).executeTasks([{ id: "a", files: ["a.ts"] }]);
    expect(result).toMatchObject({ success: true, provider: "local", agent: "executor", output: "The answer is 42." });
    const { args } = JSON.parse(readFileSync(process.env.SCRIPTED_NOTES ?? "", "utf8")) as { args: string[] };
    expect(args.join(" ")).toContain("-m aegis/qwen3-coder-next -- a\n\nChange no files but: a.ts");
  });

  test("outside is refused until the person allows it", async () => {
    const project = world({}, ["claude"]);
    vi.stubEnv("SCRIPTED", fixture("claude-success"));
    const task = { id: "a", files: ["a.ts"], provider: "claude" };
    const [closed] = await new ParallelExecutor({ projectDir: project }).executeTasks([task]);
    expect(closed).toMatchObject({ success: false, provider: "none", error: expect.stringContaining("external") });
    const open = world({ routing: { external: { enabled: true } } }, ["claude"]);
    const [allowed] = await new ParallelExecutor({ projectDir: open }).executeTasks([task]);
    expect(allowed).toMatchObject({ success: true, provider: "claude", output: "The answer is 42." });
  });

  test("a limit sends the task to the next provider, and a named one nowhere", async () => {
    const settings = { routing: { primary: "claude", fallback: ["openai"], external: { enabled: true } } };
    const project = world(settings, []);
    for (const [cli, played] of [
      ["claude", "claude-limit-prose"],
      ["codex", "codex-success"],
    ] as const) {
      const script = path("../adapters/programs/scripted.mjs");
      const text = `#!/bin/sh\nSCRIPTED=${fixture(played)} exec ${process.execPath} ${script} "$@"\n`;
      writeFileSync(join(project, "../bin", cli), text, { mode: 0o755 });
    }
    const task = { id: "a", files: ["a.ts"] };
    const [named] = await new ParallelExecutor({ projectDir: project }).executeTasks([{ ...task, provider: "claude" }]);
    expect(named).toMatchObject({ success: false, provider: "claude", error: expect.stringContaining("quota: ") });
    rmSync(join(project, "../.local"), { recursive: true, force: true });
    const [result] = await new ParallelExecutor({ projectDir: project }).executeTasks([task]);
    expect(result).toMatchObject({ success: true, provider: "openai", output: "The answer is 42." });
    // The limit is known from now on: nobody asks there again.
    const [again] = await new ParallelExecutor({ projectDir: project }).executeTasks([task]);
    expect(again).toMatchObject({ success: true, provider: "openai" });
  });

  test("what a provider tells of its limits on the way counts from the next task on", async () => {
    const settings = { routing: { primary: "claude", fallback: ["openai"], external: { enabled: true } } };
    const project = world(settings, []);
    const script = path("../adapters/programs/scripted.mjs");
    const info = { status: "allowed_warning", resetsAt: Math.floor(Date.now() / 1000) + 3_600, utilization: 0.97 };
    const told = { type: "rate_limit_event", rate_limit_info: { ...info, rateLimitType: "five_hour" } };
    for (const [cli, before] of [
      ["claude", `printf '%s\\n' '${JSON.stringify(told)}'`],
      ["codex", ""],
    ] as const) {
      const text = `#!/bin/sh\n${before}\nSCRIPTED=${fixture(`${cli}-success`)} exec ${process.execPath} ${script} "$@"\n`;
      writeFileSync(join(project, "../bin", cli), text, { mode: 0o755 });
    }
    const task = { id: "a", files: ["a.ts"] };
    const results = await new ParallelExecutor({ projectDir: project, strategy: "sequential" }).executeTasks([
      task,
      { ...task, id: "b" },
    ]);
    expect(results).toMatchObject([
      { success: true, provider: "claude" },
      { success: true, provider: "openai" },
    ]);
  });

  test("a long task goes by acp, then by serve, then by run, once each, with the reasons kept", async () => {
    const project = world({}, ["opencode"]);
    vi.stubEnv("SCRIPTED", fixture("opencode-success"));
    const task = { id: "a", description: "Rewrite the whole system", files: ["src/**"] };
    const [long] = await new ParallelExecutor({ projectDir: project }).executeTasks([task]);
    expect(long).toMatchObject({
      ...{ success: true, mode: "run", output: "The answer is 42." },
      fallbacks: [
        { mode: "acp", reason: expect.stringContaining("scripted: there is no acp here") },
        { mode: "serve", reason: expect.stringContaining("No OpenCode server came up") },
      ],
    });
    const [short] = await new ParallelExecutor({ projectDir: project }).executeTasks([{ ...task, description: "x" }]);
    expect(short).toMatchObject({ success: true, mode: "run", fallbacks: [] });
    const only = world({ opencode: { ways: ["run"] } }, ["opencode"]);
    const [spared] = await new ParallelExecutor({ projectDir: only }).executeTasks([task]);
    expect(spared).toMatchObject({ success: true, mode: "run", fallbacks: [] });
  });

  test("executeViaCLI and detectCLI under the documented names", async () => {
    const project = world({}, ["codex", "gemini"]);
    expect([detectCLI("openai"), detectCLI("google"), detectCLI("nobody")]).toEqual([true, true, false]);
    chmodSync(project, 0o755);
    vi.stubEnv("SCRIPTED", fixture("gemini-success"));
    const gemini = await executeViaCLI({
      provider: "google",
      model: "gemini-3.0-flash",
      prompt: "x",
      projectDir: project,
    });
    expect(gemini).toMatchObject({ success: true, stdout: "The answer is 42.", exitCode: 0 });
    vi.stubEnv("SCRIPTED", fixture("codex-401"));
    const codex = await executeViaCLI({ provider: "openai", model: "gpt-5.2-codex", prompt: "x", projectDir: project });
    expect(codex).toMatchObject({ success: false, exitCode: 1, failure: { kind: "auth" } });
    vi.stubEnv("SCRIPTED_MODE", "hang");
    const late = { provider: "openai", model: "m", prompt: "x", projectDir: project, timeout: 500 };
    expect(await executeViaCLI(late)).toMatchObject({ success: false, failure: { kind: "timeout" } });
    await expect(executeViaCLI({ provider: "nobody", prompt: "x" })).rejects.toThrow("use openai, google");
  });

  test("a configuration that cannot be used stops it", async () => {
    const project = world({ nonsense: 1 }, ["opencode"]);
    await expect(new ParallelExecutor({ projectDir: project }).executeTasks([{ id: "a", files: [] }])).rejects.toThrow(
      "The configuration cannot be used",
    );
  });
});
