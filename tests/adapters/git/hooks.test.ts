import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createGit } from "../../../src/adapters/git/gitRepository.ts";
import { makeRepository, type Repository } from "./repository.fixture.ts";

let repository: Repository;
beforeEach(async () => {
  repository = await makeRepository();
});
afterEach(() => repository.remove());

test("executable commit hooks are found in git's order, others are not", async () => {
  const hooks = join(repository.dir, ".git/hooks");
  for (const [name, mode] of [
    ["commit-msg", 0o755],
    ["pre-commit", 0o755],
    ["pre-push", 0o755],
    ["post-commit", 0o644],
  ] as const) {
    await writeFile(join(hooks, name), "#!/bin/sh\n");
    await chmod(join(hooks, name), mode);
  }
  const git = createGit(repository.dir);
  expect(await git.hooks()).toEqual([
    { name: "pre-commit", file: join(hooks, "pre-commit") },
    { name: "commit-msg", file: join(hooks, "commit-msg") },
  ]);
  await chmod(join(hooks, "pre-commit"), 0o644);
  expect((await git.hooks()).map((hook) => hook.name)).toEqual(["commit-msg"]);
});

test("core.hooksPath is followed and protected, with git's own directory and husky's", async () => {
  await repository.git("config", "core.hooksPath", "ci/hooks");
  await repository.write("ci/hooks/pre-commit", "#!/bin/sh\n");
  await chmod(join(repository.dir, "ci/hooks/pre-commit"), 0o755);
  const git = createGit(repository.dir);
  expect(await git.hooks()).toEqual([{ name: "pre-commit", file: join(repository.dir, "ci/hooks/pre-commit") }]);
  expect((await git.protectedDirs()).sort()).toEqual(
    [".git", ".git/hooks", ".husky", "ci/hooks"].map((path) => join(repository.dir, path)),
  );
});

test("a message file gives back what was written into it", async () => {
  const git = createGit(repository.dir);
  const result = await git.withMessageFile("feat: x", async (file) => {
    await writeFile(file, "feat: x\n\nTicket: 7\n");
    return 3;
  });
  expect(result).toEqual({ value: 3, message: "feat: x\n\nTicket: 7\n" });
});
