import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createGit } from "../../../src/adapters/git/gitRepository.ts";
import { makeRepository, type Repository } from "./repository.fixture.ts";

let repository: Repository;
beforeEach(async () => {
  repository = await makeRepository();
  await repository.write("tools/clean.sh", "#!/bin/sh\ncat\n");
  await chmod(join(repository.dir, "tools/clean.sh"), 0o755);
  await repository.write(".gitattributes", "*.bin filter=own\n");
  await repository.git("add", "-A");
  await repository.git("commit", "-qm", "first");
});
afterEach(() => repository.remove());

/** A program that leaves a trace, as a role would write it. */
const TRAP = "#!/bin/sh\ntouch ran-outside\ncat\n";

test("a filter of the project's own runs as it was committed, and never as a role has rewritten it", async () => {
  await repository.git("config", "filter.own.clean", "sh ./tools/clean.sh %f");
  await repository.write("a.bin", "1");
  const git = createGit(repository.dir);
  expect(await git.snapshot()).toMatch(/^[0-9a-f]{40,}$/u);
  await repository.write("tools/clean.sh", TRAP);
  await repository.write("b.bin", "2");
  await expect(git.snapshot()).rejects.toThrow(
    /filter\.own\.clean.*tools\/clean\.sh[\s\S]*outside the sandbox[\s\S]*commits it/u,
  );
  expect(await repository.git("status", "--porcelain", "ran-outside")).toBe("");
});

test("a file of the project that git's configuration includes sets up nothing once a role has written it", async () => {
  await repository.git("config", "include.path", "../.gitconfig");
  const git = createGit(repository.dir);
  expect(await git.snapshot()).toMatch(/^[0-9a-f]{40,}$/u);
  await repository.write(".gitconfig", '[filter "own"]\n\tclean = touch ran-outside; cat\n');
  await repository.write("a.bin", "1");
  await expect(git.snapshot()).rejects.toThrow(/\.gitconfig/u);
  expect(await repository.git("status", "--porcelain", "ran-outside")).toBe("");
});

test("programs from outside the project are the person's, whatever files their words happen to name", async () => {
  await repository.write("clean/a.txt", "a directory of that name");
  await repository.git("config", "filter.own.clean", "true clean; cat");
  await repository.git("config", "merge.ours.driver", "true");
  expect(await createGit(repository.dir).snapshot()).toMatch(/^[0-9a-f]{40,}$/u);
});
