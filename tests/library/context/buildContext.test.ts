import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { writeNotes } from "../../../src/adapters/context/sessionFiles.ts";
import { newNotes, withFile, withTodos, withWords } from "../../../src/core/context/sessionNotes.ts";
import { buildContext } from "../../../src/library/context/buildContext.ts";
import { serializeContextToJSON, serializeContextToMarkdown } from "../../../src/library/context/serializeContext.ts";
import { SWARM, writeSwarm } from "../../cli/swarm/liveSwarm.ts";
import { file, git, makePlace } from "./world.ts";

const T0 = Date.UTC(2026, 0, 28, 6, 30);

describe("a context", () => {
  it("needs only a path, even one that does not exist", () => {
    const { env } = makePlace();
    const context = buildContext({ projectPath: "/does/not/exist", env });
    expect(context).toMatchObject({
      task: { description: "", goal: null, constraints: [] },
      files: { modified: [], referenced: [] },
      todos: { pending: [], inProgress: [], completed: [] },
      decisions: { recent: [], learnings: [] },
      meta: { sessionId: null, startTime: null, claudeUsage: null, projectPath: "/does/not/exist" },
    });
    expect(Date.parse(context.meta.buildTime)).not.toBeNaN();
  });

  it("keeps what it is told", () => {
    const { env } = makePlace();
    const context = buildContext({
      sessionId: "session-abc123",
      projectPath: "/project",
      startTime: "2026-01-28T06:30:00.000Z",
      claudeUsage: { fiveHourUsage: 75, weeklyUsage: 45 },
      task: {
        description: "사용자 인증 구현",
        goal: "로그인 및 회원가입 페이지 추가",
        constraints: ["JWT 사용", "SQLite DB"],
      },
      env,
    });
    expect(context).toMatchObject({
      task: {
        description: "사용자 인증 구현",
        goal: "로그인 및 회원가입 페이지 추가",
        constraints: ["JWT 사용", "SQLite DB"],
      },
      meta: {
        sessionId: "session-abc123",
        startTime: "2026-01-28T06:30:00.000Z",
        claudeUsage: { fiveHourUsage: 75, weeklyUsage: 45 },
      },
    });
  });

  it("has the files that changed last: what is not committed by time, then those of the last commits", () => {
    const { project, env } = makePlace();
    git(project, "init", "-q");
    for (const name of ["one.ts", "two.ts", "src/three.ts", "한 글.ts"]) file(project, name);
    git(project, "add", "-A");
    git(project, "commit", "-qm", "first");
    file(project, "four.ts", "y");
    git(project, "add", "-A");
    git(project, "commit", "-qm", "second");
    file(project, "two.ts", "changed", 100);
    file(project, "new/untracked.ts", "z", 10);
    file(project, ".aegis/state.json", "{}");
    const { modified } = buildContext({ projectPath: project, env }).files;
    expect(modified.slice(0, 3)).toEqual(["new/untracked.ts", "two.ts", "four.ts"]);
    expect([...modified].sort()).toEqual([
      "four.ts",
      "new/untracked.ts",
      "one.ts",
      "src/three.ts",
      "two.ts",
      "한 글.ts",
    ]);
    expect(buildContext({ projectPath: project, recentFilesLimit: 2, env }).files.modified).toHaveLength(2);
    expect(buildContext({ projectPath: project, recentFilesLimit: 0, env }).files.modified).toEqual([]);
    for (let index = 0; index < 15; index += 1) file(project, `many/${index}.ts`);
    expect(buildContext({ projectPath: project, env }).files.modified).toHaveLength(10);
  });

  it("has what the chat that was written to last has to do, and its files inside the project", () => {
    const { project, env } = makePlace();
    const stateDir = join(project, ".aegis");
    writeNotes(stateDir, withWords(newNotes("opencode", "ses_old", T0), "older", T0));
    let notes = withWords(newNotes("claude", "ses_new", T0), "Build a board", T0);
    notes = withWords(notes, "now the tests", T0 + 1);
    for (const path of ["/etc/passwd", join(project, "src/a.ts"), "src/b.ts"]) notes = withFile(notes, path, T0);
    writeNotes(
      stateDir,
      withTodos(
        notes,
        [
          { content: "write tests", status: "in_progress" },
          { content: "ship", status: "pending" },
          { content: "design", status: "completed" },
          { content: "dropped", status: "cancelled" },
        ],
        T0,
      ),
    );
    expect(buildContext({ projectPath: project, env })).toMatchObject({
      task: { description: "now the tests", goal: "Build a board" },
      files: { referenced: ["src/b.ts", "src/a.ts"] },
      todos: { pending: ["ship"], inProgress: ["write tests"], completed: ["design"] },
      meta: { sessionId: "ses_new", startTime: new Date(T0).toISOString() },
    });
    expect(buildContext({ projectPath: project, sessionId: "ses_old", env }).task.description).toBe("older");
  });

  it("has the swarm's Workers and decisions from its log, and Claude's limits as far as they are known", async () => {
    const { project, env, stateHome } = makePlace();
    await writeSwarm(project);
    mkdirSync(stateHome, { recursive: true });
    const window = { provider: "claude", source: "x", confidence: "manual", blocks: true, observedAt: Date.now() };
    writeFileSync(
      join(stateHome, "limits.json"),
      JSON.stringify({ windows: [{ ...window, windowKind: "5h", windowSeconds: 18_000, usedPercent: 87 }] }),
    );
    const context = buildContext({ projectPath: project, env });
    expect(context.todos.inProgress.join()).toMatch(/w01 .*store/);
    expect(context.todos.pending.join()).toMatch(/w02/);
    expect(context.decisions.recent.length).toBeGreaterThan(0);
    expect(context.meta.claudeUsage).toEqual({ fiveHourUsage: 87, weeklyUsage: null });
    expect(SWARM).toMatch(/^s-/);
  });

  it("goes on without a file that is damaged, and says so", () => {
    const { project, env, stateHome } = makePlace();
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    mkdirSync(stateHome, { recursive: true });
    writeFileSync(join(stateHome, "limits.json"), "{");
    file(project, ".aegis/sessions/ses_a.json", "{");
    expect(buildContext({ projectPath: project, env }).meta.claudeUsage).toBeNull();
    const said = warned.mock.calls.map(([text]) => String(text)).join();
    warned.mockRestore();
    expect(said).toMatch(/ses_a\.json[\s\S]*limits\.json/);
  });

  it("says what is wrong with a configuration that cannot be used", () => {
    const { project, env } = makePlace();
    file(project, "aegis.jsonc", '{"context": {"recentFilesLimit": "ten"}}');
    expect(() => buildContext({ projectPath: project, env })).toThrow(/recentFilesLimit/);
  });

  it("follows what the configuration leaves out", () => {
    const { project, env } = makePlace();
    git(project, "init", "-q");
    const off = { includeRecentFiles: false, includeTodos: false };
    file(project, "aegis.jsonc", JSON.stringify({ context: off }));
    const todos = [{ content: "ship", status: "pending" }];
    writeNotes(join(project, ".aegis"), withTodos(newNotes("opencode", "s", T0), todos, T0));
    const { files, todos: kept } = buildContext({ projectPath: project, env });
    expect([files.modified, kept.pending]).toEqual([[], []]);
  });
});

describe("written", () => {
  const texts = fc.array(fc.string({ unit: "binary", maxLength: 40 }), { maxLength: 4 });
  const any = fc.record({
    task: fc.record({ description: fc.string(), goal: fc.option(fc.string()), constraints: texts }),
    files: fc.record({ modified: texts, referenced: texts }),
    todos: fc.record({ pending: texts, inProgress: texts, completed: texts }),
    decisions: fc.record({ recent: texts, learnings: texts }),
    meta: fc.record({
      sessionId: fc.option(fc.string()),
      projectPath: fc.constant("/p"),
      startTime: fc.constant(null),
      buildTime: fc.constant("2026-01-28T15:30:00Z"),
      claudeUsage: fc.option(fc.record({ fiveHourUsage: fc.option(fc.nat(100)), weeklyUsage: fc.nat(100) })),
    }),
  });

  it("JSON gives back what was written", () => {
    fc.assert(
      fc.property(any, (context) => {
        expect(JSON.parse(serializeContextToJSON(context))).toEqual(context);
      }),
    );
  });

  it("both stay within 50,000 characters", () => {
    const long = (letter: string) => Array.from({ length: 2_000 }, () => letter.repeat(40));
    const context = {
      task: { description: "d".repeat(60_000) },
      todos: { pending: long("p"), completed: long("c") },
      files: { modified: long("m") },
    };
    expect(serializeContextToMarkdown(context).length).toBeLessThanOrEqual(50_000);
    const json = serializeContextToJSON(context);
    expect(json.length).toBeLessThanOrEqual(50_000);
    expect(JSON.parse(json).task.description).toMatch(/^d{20000}/);
  });
});
