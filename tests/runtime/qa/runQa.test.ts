import { chmod, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createGit } from "../../../src/adapters/git/gitRepository.ts";
import type { QaCheck } from "../../../src/core/qa/qaCheck.ts";
import type { Git } from "../../../src/ports/git.ts";
import { findChecks, qaDefinitionChanges } from "../../../src/runtime/qa/findChecks.ts";
import { type QaOutcome, type QaProgress, type QaRequest, runQa } from "../../../src/runtime/qa/runQa.ts";
import { makeRepository, type Repository } from "../../adapters/git/repository.fixture.ts";
import { openSandbox, type SandboxCall } from "./openSandbox.fixture.ts";

let repository: Repository;
let git: Git;
let calls: SandboxCall[];
beforeEach(async () => {
  repository = await makeRepository();
  git = createGit(repository.dir);
  calls = [];
});
afterEach(() => repository.remove());

const check = (name: string, command: string, timeoutMs = 20_000): QaCheck => ({
  check: name,
  kind: "custom",
  command,
  timeoutMs,
  source: "test",
});

function qa(checks: QaCheck[], more: Partial<QaRequest> = {}): Promise<QaOutcome> {
  const sandbox = openSandbox(calls);
  return runQa({
    checks,
    sandbox,
    git,
    projectDir: repository.dir,
    sandboxSpecBase: { privateId: "commander" },
    ...more,
  });
}

test("green checks are evidence for the present tree, run as role qa in the project with CI set", async () => {
  await repository.write("a", "1");
  const progress: QaProgress[] = [];
  const outcome = await qa([check("one", 'echo "$CI $NO_COLOR $FORCE_COLOR"'), check("two", "true")], {
    onProgress: (step) => progress.push(step),
  });
  expect(outcome).toMatchObject({ tree: await git.snapshot(), passed: true, stable: true, changedFiles: [] });
  expect(outcome.rows.map((row) => [row.check, row.passed, row.detail, row.flaky])).toEqual([
    ["one", true, "passed", false],
    ["two", true, "passed", false],
  ]);
  expect(outcome.rows[0]?.output).toBe("1 1 0");
  expect(calls[0]).toMatchObject({
    cwd: repository.dir,
    spec: { role: "qa", projectDir: repository.dir, scope: ["**"], privateId: "commander" },
  });
  expect(progress.map((step) => [step.check, step.index, step.total, step.row?.passed])).toEqual([
    ["one", 1, 2, undefined],
    ["one", 1, 2, true],
    ["two", 2, 2, undefined],
    ["two", 2, 2, true],
  ]);
});

test("nothing found is not passed, and says what to do; so is a name nobody knows", async () => {
  expect(await qa([])).toMatchObject({
    passed: false,
    rows: [],
    reason: expect.stringMatching(/^no QA command found; .*workflow\.qa/),
  });
  expect(await qa([check("one", "true")], { only: ["two"] })).toMatchObject({
    passed: false,
    rows: [],
    reason: expect.stringMatching(/two; there are: one/),
  });
});

test("only selects by name and by kind", async () => {
  const checks = [check("one", "true"), { ...check("two", "true"), kind: "lint" as const }, check("three", "true")];
  const outcome = await qa(checks, { only: ["one", "lint"] });
  expect(outcome.rows.map((row) => row.check)).toEqual(["one", "two"]);
});

test("a failing check is run again, fails the outcome, and the others still run", async () => {
  const outcome = await qa([
    check("bad", "echo broken; exit 3"),
    check("good", "true"),
    check("missing", "no-such-command-here"),
  ]);
  expect(outcome.passed).toBe(false);
  expect(outcome.rows.map((row) => [row.check, row.passed, row.detail])).toEqual([
    ["bad", false, "exit code 3"],
    ["good", true, "passed"],
    ["missing", false, "command not found"],
  ]);
  expect(calls.map((call) => call.command)).toEqual([
    "echo broken; exit 3",
    "echo broken; exit 3",
    "true",
    "no-such-command-here",
    "no-such-command-here",
  ]);
});

test("a check that passes when run again is flaky, named, and passes", async () => {
  const once = "test -e .git/ran || { touch .git/ran; exit 1; }";
  const outcome = await qa([check("shaky", once)]);
  expect(outcome).toMatchObject({ passed: true, rows: [{ check: "shaky", passed: true, flaky: true }] });
});

test("a hanging command, children and all, is killed at its limit and not started again", async () => {
  const outcome = await qa([check("hang", "sleep 600 & echo started; wait", 1000)]);
  expect(outcome).toMatchObject({
    passed: false,
    rows: [{ passed: false, detail: "stopped after 1 s", flaky: false }],
  });
  expect(outcome.rows[0]?.output).toContain("started");
  expect(outcome.rows[0]?.durationMs).toBeLessThan(10_000);
  expect(calls).toHaveLength(1);
});

test("an abort ends QA at once without a verdict on the check", async () => {
  const abort = new AbortController();
  const outcome = await qa([check("long", "sleep 600"), check("next", "true")], {
    signal: abort.signal,
    onProgress: () => abort.abort(),
  });
  expect(outcome).toMatchObject({ passed: false, rows: [], reason: expect.stringMatching(/stopped/) });
});

test("a QA that formats files once settles: evidence is for what it left, and the files are named", async () => {
  await repository.write("a", "unformatted\n");
  const before = await git.snapshot();
  const outcome = await qa([check("format", "echo formatted > a")]);
  expect(outcome).toMatchObject({ passed: true, stable: true, changedFiles: ["a"], tree: await git.snapshot() });
  expect(outcome.tree).not.toBe(before);
});

test("a QA that changes files every time is named and not passed; ignored files are its own affair", async () => {
  await repository.write(".gitignore", "coverage/\n");
  const outcome = await qa([check("counts", "mkdir -p coverage; date +%N > coverage/x; date +%s%N > report.txt")]);
  expect(outcome).toMatchObject({ passed: false, stable: false, changedFiles: ["report.txt"] });
  expect(outcome.reason).toMatch(/report\.txt[\s\S]*\.gitignore/);
});

test("another tree than the present one is tested in a checkout: dirty files neither help nor harm, nor change", async () => {
  await repository.write("ours", "good\n");
  const tree = await git.snapshot();
  await repository.write("ours", "bad\n");
  await repository.write("theirs", "x\n");
  const good = check("good", "grep -q good ours && test ! -e theirs");
  expect(await qa([good])).toMatchObject({ passed: false });
  expect(await qa([good], { tree })).toMatchObject({ passed: true, tree });
  expect(calls.at(-1)?.cwd).not.toBe(repository.dir);
  expect(calls.at(-1)?.spec.projectDir).toBe(calls.at(-1)?.cwd);
  const writes = await qa([check("writes", "echo changed > ours")], { tree });
  expect(writes).toMatchObject({ passed: false, stable: false, tree, changedFiles: ["ours"] });
  expect(await readFile(join(repository.dir, "ours"), "utf8")).toBe("bad\n");
});

test("the tested tree is the committed tree, with the person's files dirty and staged beside it", async () => {
  for (const name of ["ours", "dirty", "staged"]) await repository.write(name, "1\n");
  await git.commit({ message: "first", tree: await git.snapshot(), expectedHead: "" });
  for (const name of ["ours", "dirty", "staged"]) await repository.write(name, "2\n");
  await repository.git("add", "staged");
  const head = await git.head();
  const tree = await git.composeTree(await git.treeOf(head), await git.snapshot(), ["ours"]);
  const evidence = await qa([check("exact", 'test "$(cat ours dirty staged | tr "\\n" " ")" = "2 1 1 "')], { tree });
  expect(evidence.passed).toBe(true);
  await git.commit({ message: "feat: ours", tree: evidence.tree, expectedHead: head });
  expect((await repository.git("rev-parse", "HEAD^{tree}")).trim()).toBe(evidence.tree);
  expect(await repository.git("status", "--porcelain")).toBe(" M dirty\nM  staged\n");
});

test("a python project's virtual environment is used, from the project and from a checkout of it", async () => {
  await repository.write(".gitignore", ".venv/\n");
  await repository.write("tests/test_a.py", "");
  await repository.write(".venv/bin/python3", '#!/bin/sh\necho "3 passed in 0.01s"\n');
  await chmod(join(repository.dir, ".venv/bin/python3"), 0o755);
  const tree = await git.snapshot();
  const checks = await findChecks(git, tree);
  expect((await qa(checks)).rows.map((row) => row.detail)).toEqual(["3 passed"]);
  await repository.write("dirty", "");
  expect(await qa(checks, { tree })).toMatchObject({ passed: true, rows: [{ check: "pytest", detail: "3 passed" }] });
});

test("outside a repository there is no evidence", async () => {
  const nowhere = createGit("/");
  await expect(qa([check("one", "true")], { git: nowhere })).rejects.toThrow(/not in a git repository/);
  expect(calls).toEqual([]);
});

test("a real project's own script is found in the tree and run", async () => {
  await repository.write("package.json", JSON.stringify({ scripts: { test: "node --test" } }));
  await repository.write("a.test.js", 'require("node:test").test("a", () => {});\n');
  const tree = await git.snapshot();
  const checks = await findChecks(git, tree);
  await repository.write("package.json", "{}");
  expect(await findChecks(git, await git.snapshot())).toEqual([]);
  const outcome = await qa(checks, { tree });
  expect(outcome).toMatchObject({
    passed: true,
    tree,
    rows: [{ check: "test", command: "npm run test", detail: "1 passed" }],
  });
});

test("changes to what QA means are found between two trees; a dependency is none", async () => {
  const manifest = (scripts: object, dependencies = {}): string => JSON.stringify({ scripts, dependencies });
  await repository.write("package.json", manifest({ test: "vitest run" }));
  await repository.write("src/a.ts", "1");
  const baseline = await git.snapshot();
  await repository.write("package.json", manifest({ test: "vitest run" }, { zod: "4" }));
  await repository.write("src/a.ts", "2");
  expect(await qaDefinitionChanges(git, baseline, await git.snapshot())).toEqual([]);
  await repository.write("package.json", manifest({ test: "true" }));
  await repository.write("vitest.config.ts", "");
  expect(await qaDefinitionChanges(git, baseline, await git.snapshot())).toEqual([
    "package.json (scripts: test)",
    "vitest.config.ts",
  ]);
});
