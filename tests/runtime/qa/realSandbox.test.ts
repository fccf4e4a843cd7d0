import { access, chmod, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { createGit } from "../../../src/adapters/git/gitRepository.ts";
import { BubblewrapSandbox } from "../../../src/adapters/sandbox/bubblewrap.ts";
import type { QaCheck } from "../../../src/core/qa/qaCheck.ts";
import type { Git } from "../../../src/ports/git.ts";
import { findChecks } from "../../../src/runtime/qa/findChecks.ts";
import { runProjectHooks } from "../../../src/runtime/qa/runProjectHooks.ts";
import { type QaOutcome, runQa } from "../../../src/runtime/qa/runQa.ts";
import { makeRepository, type Repository } from "../../adapters/git/repository.fixture.ts";

const sandbox = new BubblewrapSandbox({ wrapper: resolve("scripts/aegis-shell/bash") });
const { usable } = await sandbox.probe();
afterAll(() => sandbox.dispose());

describe.skipIf(!usable)("inside bubblewrap", () => {
  let repository: Repository;
  let git: Git;
  beforeEach(async () => {
    repository = await makeRepository();
    git = createGit(repository.dir);
    await repository.write(".gitignore", "node_modules/\n");
    await repository.write("package.json", JSON.stringify({ scripts: { test: "node --test" } }));
    await repository.write("a.test.js", 'require("node:test").test("a", () => require("dep"));\n');
    await repository.write("node_modules/dep/index.js", "");
  });
  afterEach(() => repository.remove());

  const qa = (checks: QaCheck[], tree?: string): Promise<QaOutcome> =>
    runQa({ checks, tree, sandbox, git, projectDir: repository.dir, sandboxSpecBase: { privateId: "commander" } });
  const check = (command: string): QaCheck => ({
    check: "c",
    kind: "custom",
    command,
    timeoutMs: 20_000,
    source: "test",
  });

  test("a project's tests run in place and, for another tree, in a checkout with its dependencies", async () => {
    const tree = await git.snapshot();
    const checks = await findChecks(git, tree);
    expect(await qa(checks)).toMatchObject({ passed: true, tree, rows: [{ detail: "1 passed" }] });
    await repository.write("a.test.js", "throw new Error('dirty');\n");
    expect(await qa(checks, tree)).toMatchObject({ passed: true, tree, rows: [{ detail: "1 passed" }] });
    expect(await qa(checks)).toMatchObject({ passed: false });
  });

  test("git answers in a checkout; neither the project nor its repository can be written from there", async () => {
    const tree = await git.snapshot();
    await repository.write("dirty", "");
    const mark = join(repository.dir, "mark");
    const outcome = await qa(
      [check(`git status --porcelain && ! touch ${mark} && ! touch ${repository.dir}/.git/mark`)],
      tree,
    );
    expect(outcome).toMatchObject({ passed: true });
    await expect(access(mark)).rejects.toThrow(/ENOENT/);
  });

  test("hooks run, see what is staged, and commit-msg amends the message", async () => {
    const hooks = {
      "pre-commit": 'test "$(git diff --cached --name-only | wc -l)" -eq 3',
      "commit-msg": 'echo "Ticket: 7" >> "$1"',
    };
    for (const [name, script] of Object.entries(hooks)) {
      const file = join(repository.dir, ".git/hooks", name);
      await writeFile(file, `#!/bin/sh\n${script}\n`);
      await chmod(file, 0o755);
    }
    const base = { git, sandbox, projectDir: repository.dir, sandboxSpecBase: { privateId: "commander" } };
    const verdict = await runProjectHooks({ ...base, tree: await git.snapshot(), message: "feat: a" });
    expect(verdict).toEqual({ allowed: true, message: "feat: a\nTicket: 7\n", ran: ["pre-commit", "commit-msg"] });
  });
});
