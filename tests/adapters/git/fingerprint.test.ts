import { chmod, rm, stat, symlink, utimes } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createGit } from "../../../src/adapters/git/gitRepository.ts";
import { makeRepository, type Repository } from "./repository.fixture.ts";

let repository: Repository;
beforeEach(async () => {
  repository = await makeRepository();
  await repository.write(".gitignore", "dist/\n");
  await repository.write("src/a/one.ts", "1");
  await repository.write("src/a/two.ts", "2");
  await repository.write("src/b/one.ts", "1");
  await repository.git("add", "-A");
  await repository.git("commit", "-qm", "first");
});
afterEach(() => repository.remove());

const inA = (path: string) => path.startsWith("src/a/");
const now = () => createGit(repository.dir).fingerprint(["src/a"], inA);
const at = (name: string) => join(repository.dir, name);

test("stays while files outside, ignored ones, .aegis and the index change", async () => {
  const before = await now();
  await repository.write("src/b/one.ts", "changed");
  await repository.write("src/b/new.ts", "new");
  await repository.write("src/a/dist/out.js", "built");
  await repository.write(".aegis/state", "x");
  await repository.git("rm", "-q", "--cached", "src/a/one.ts");
  await utimes(at("src/a/two.ts"), 1, 1);
  expect(await now()).toBe(before);
});

test("changes with every content, name, kind and executable bit, and comes back with them", async () => {
  const first = await now();
  const seen = new Set([first]);
  const changed = async () => {
    const name = await now();
    expect(seen).not.toContain(name);
    seen.add(name);
  };
  await repository.write("src/a/new.ts", "new");
  await changed();
  await chmod(at("src/a/new.ts"), 0o755);
  await changed();
  await rm(at("src/a/new.ts"));
  await symlink("one.ts", at("src/a/new.ts"));
  await changed();
  await rm(at("src/a/new.ts"));
  await rm(at("src/a/one.ts"));
  await changed();
  await repository.write("src/a/one.ts", "2");
  await repository.write("src/a/two.ts", "1");
  await changed();
  await repository.write("src/a/one.ts", "1");
  await repository.write("src/a/two.ts", "2");
  expect(await now()).toBe(first);
});

test("sees an edit that leaves size and time stamp as they were", async () => {
  const before = await now();
  const { atime, mtime } = await stat(at("src/a/one.ts"));
  await repository.write("src/a/one.ts", "9");
  await utimes(at("src/a/one.ts"), atime, mtime);
  expect(await now()).not.toBe(before);
});

test("what is asked for by a literal path is taken literally, names beyond ASCII too", async () => {
  await repository.write("src/[a]/한글 파일.ts", "1");
  const git = createGit(repository.dir);
  const one = await git.fingerprint(["src/[a]"], () => true);
  await repository.write("src/a/one.ts", "changed");
  expect(await git.fingerprint(["src/[a]"], () => true)).toBe(one);
  await repository.write("src/[a]/한글 파일.ts", "2");
  expect(await git.fingerprint(["src/[a]"], () => true)).not.toBe(one);
  expect(await git.fingerprint([""], () => true)).not.toBe(await git.fingerprint(["none"], () => true));
});

test("asked for several scopes at once each gets its own, as if asked alone", async () => {
  const git = createGit(repository.dir);
  const inB = (path: string) => path.startsWith("src/b/");
  const [a, b, all] = [await now(), await git.fingerprint(["src/b"], inB), await git.fingerprint([""], () => true)];
  const ask = () => [
    git.fingerprint(["src/a"], inA),
    git.fingerprint(["src/b"], inB),
    git.fingerprint([""], () => true),
  ];
  expect(await Promise.all([...ask(), ...ask()])).toEqual([a, b, all, a, b, all]);
  // Asked while another question is being answered, and after a change: the answer knows the change.
  const early = git.fingerprint(["src/b"], inB);
  await repository.write("src/a/new.ts", "new");
  expect(await git.fingerprint(["src/a"], inA)).not.toBe(a);
  expect(await early).toBe(b);
});

test("a pipe in the place of a file is one, is not waited for, and changes the fingerprint", async () => {
  const before = await now();
  await rm(at("src/a/one.ts"));
  await execa("mkfifo", [at("src/a/one.ts")]);
  const pipe = await now();
  expect(pipe).not.toBe(before);
  expect(await now()).toBe(pipe);
});
