import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { beforeAll, expect, onTestFinished, test } from "vitest";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const root = path("../..");

beforeAll(() => {
  if (!existsSync(join(root, "dist/index.js"))) throw new Error("dist/ is missing: run `npm run build` first.");
});

/** Runs an example of the documents in a project that has the built package, with scripted command lines on PATH. */
async function run(example: string, clis: readonly string[], nodeArgs: readonly string[] = []): Promise<string[]> {
  const dir = mkdtempSync(join(tmpdir(), "omq-example-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  for (const each of ["bin", "node_modules"]) mkdirSync(join(dir, each));
  symlinkSync(root, join(dir, "node_modules/oh-my-qwencoder"));
  symlinkSync(path(`../fixtures/examples/${example}`), join(dir, example));
  for (const cli of clis) symlinkSync(path("../adapters/programs/scripted.mjs"), join(dir, "bin", cli));
  const { stdout } = await execa(process.execPath, ["--preserve-symlinks-main", ...nodeArgs, example], {
    cwd: dir,
    env: {
      PATH: `${join(dir, "bin")}:${process.env.PATH}`,
      HOME: dir,
      SCRIPTED_DIR: path("../fixtures/cli"),
      SCRIPTED_CASE: "success",
    },
    extendEnv: false,
  });
  return stdout.split("\n");
}

test("ten command lines at once", async () => {
  const lines = await run("commandLines.mjs", ["codex", "gemini"]);
  expect(lines[0]).toBe("완료된 작업: 10/10개");
  expect(lines[1]).toMatch(/^평균 응답 시간: [\d.]+ms$/);
});

test("a refactoring in parallel, and its tests after it", async () => {
  const lines = await run("refactorProject.mjs", ["opencode"]);
  expect(lines).toEqual([
    "병렬 리팩토링 시작...",
    "✓ refactor-auth",
    "✓ refactor-api",
    "✓ refactor-db",
    "✓ run-tests",
    "",
    "완료됨: 4/4 작업",
  ]);
});

test("check, strategy and analysis", async () => {
  expect(await run("strategy.mjs", ["opencode"])).toEqual([
    '{"canParallel":false,"reason":"Dependencies exist between tasks","conflicts":[]}',
    "task-1 true, task-2 true, task-3 true",
    '{"inferredType":"implementation","complexity":"medium","estimatedDuration":8000}',
    "run true false",
  ]);
});

test("a system of four parts, its context kept and its work counted", async () => {
  const lines = await run("buildSystem.mjs", ["opencode", "codex", "gemini"]);
  expect(lines.slice(0, 4)).toEqual(["시스템 빌드 중...", "=== 빌드 완료 ===", "작업: 4/4 ✓", "비용: $0.00"]);
  expect(lines[4]).toMatch(/^평균 지연 시간: /);
});

test("events, metrics and a provider's figures", async () => {
  const [first = "", kept, metrics = "", provider = ""] = await run("tracking.mjs", []);
  expect(JSON.parse(first)).toEqual({
    ...{ type: "routing", provider: "openai", agent: "explorer", duration: 1250, success: true, cacheHit: false },
    tokenCount: { input: 150, output: 280 },
  });
  expect(kept).toBe("2");
  expect(JSON.parse(metrics)).toEqual({
    ...{ counts: { gemini: 1, total: 1 }, avg: { gemini: 890 }, costs: { gemini: 0 }, total: 0 },
  });
  expect(JSON.parse(provider)).toEqual({
    ...{ requestCount: 0, errorCount: 0, avgLatency: 0, totalTokens: 0, estimatedCost: 0 },
  });
});

test("a dashboard of live statistics", async () => {
  const lines = await run("dashboard.mjs", [], ["--import", path("../fixtures/examples/fastClock.mjs")]);
  expect(lines[0]).toBe("=== 실시간 통계 ===");
  expect(Number(lines[1]?.replace("총 라우팅: ", ""))).toBeGreaterThan(0);
  expect(lines.slice(2)).toEqual([
    expect.stringMatching(/^성공률: [\d.]+%$/),
    expect.stringMatching(/^캐시 적중률: [\d.]+%$/),
    "비용: $0.00",
  ]);
});

test("a context before a handoff, and in two places", async () => {
  expect(await run("handoff.mjs", [])).toEqual([
    "컨텍스트가 .omcm/handoff/context.md에 저장되었습니다",
    "OpenCode 핸드오프 준비 완료",
  ]);
  expect(await run("synchronizer.mjs", [])).toEqual([
    "task files todos decisions meta",
    "# 작업 핸드오프 컨텍스트",
    "session-abc123",
    "true",
  ]);
});
