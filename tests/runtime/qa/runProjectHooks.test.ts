import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createGit } from "../../../src/adapters/git/gitRepository.ts";
import type { Git } from "../../../src/ports/git.ts";
import { type HookVerdict, runProjectHooks } from "../../../src/runtime/qa/runProjectHooks.ts";
import { makeRepository, type Repository } from "../../adapters/git/repository.fixture.ts";
import { openSandbox, type SandboxCall } from "./openSandbox.fixture.ts";

let repository: Repository;
let git: Git;
let calls: SandboxCall[];
beforeEach(async () => {
  repository = await makeRepository();
  git = createGit(repository.dir);
  calls = [];
  await repository.write("a", "1\n");
  await git.commit({ message: "first", tree: await git.snapshot(), expectedHead: "" });
  await repository.write("a", "2\n");
});
afterEach(() => repository.remove());

async function hook(name: string, script: string): Promise<void> {
  const file = join(repository.dir, ".git/hooks", name);
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
}

async function run(tree: string, timeoutMs?: number): Promise<HookVerdict> {
  const base = { sandboxSpecBase: { privateId: "commander" }, sandbox: openSandbox(calls) };
  return runProjectHooks({ ...base, git, projectDir: repository.dir, tree, message: "feat: a", timeoutMs });
}

test("without hooks nothing runs and the message stays", async () => {
  expect(await run(await git.snapshot())).toEqual({ allowed: true, message: "feat: a", ran: [] });
  expect(calls).toEqual([]);
});

test("a pre-commit hook sees the exact tree as staged, in the sandbox, away from the project", async () => {
  await hook("pre-commit", 'test "$(git diff --cached --name-only)" = a && grep -q 2 a && test ! -e dirty');
  const tree = await git.snapshot();
  await repository.write("dirty", "x");
  expect(await run(tree)).toEqual({ allowed: true, message: "feat: a", ran: ["pre-commit"] });
  expect(calls[0]?.spec).toMatchObject({ role: "qa", projectDir: calls[0]?.cwd });
  expect(calls[0]?.cwd).not.toBe(repository.dir);
});

test("a hook that says no is a refusal with its words", async () => {
  await hook("pre-commit", "echo secrets found; exit 1");
  await hook("commit-msg", "echo never reached; exit 1");
  const verdict = await run(await git.snapshot());
  expect(verdict).toMatchObject({ allowed: false, hook: "pre-commit", output: "secrets found" });
  expect(verdict).toMatchObject({ reason: expect.stringMatching(/ended with 1; nothing was committed/) });
});

test("commit-msg gets the message in a file and may refuse or amend it", async () => {
  await hook("commit-msg", 'grep -q "^feat: " "$1" && printf "\\nTicket: 7\\n" >> "$1"');
  expect(await run(await git.snapshot())).toEqual({
    allowed: true,
    message: "feat: a\n\nTicket: 7\n",
    ran: ["commit-msg"],
  });
  await hook("commit-msg", 'grep -q "^fix: " "$1"');
  expect(await run(await git.snapshot())).toMatchObject({ allowed: false, hook: "commit-msg" });
});

test("a hook that rewrites files is a refusal that names them: what it made was not tested", async () => {
  await hook("pre-commit", "echo formatted > a; git add a");
  const verdict = await run(await git.snapshot());
  expect(verdict).toMatchObject({ allowed: false, reason: expect.stringMatching(/rewrites files .*: a\. /) });
  expect(verdict).toMatchObject({ output: expect.stringContaining("+formatted") });
  expect(await repository.git("status", "--porcelain")).toBe(" M a\n");
});

test("a hook that hangs is stopped and refuses", async () => {
  await hook("pre-commit", "sleep 600");
  expect(await run(await git.snapshot(), 500)).toMatchObject({
    allowed: false,
    reason: expect.stringMatching(/longer than 1 s/),
  });
});
