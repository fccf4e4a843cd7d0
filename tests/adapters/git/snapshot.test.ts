import { chmod, mkdir, readFile, rename, rm, symlink, utimes } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createGit } from "../../../src/adapters/git/gitRepository.ts";
import { makeRepository, openRepository, type Repository } from "./repository.fixture.ts";

let repository: Repository;
beforeEach(async () => {
  repository = await makeRepository();
});
afterEach(() => repository.remove());

const namesIn = async (tree: string): Promise<string[]> =>
  (await repository.git("ls-tree", "-r", "-z", "--name-only", tree))
    .split("\0")
    .filter((name) => name !== "")
    .sort();

test("an empty repository has the empty tree, no head and a root", async () => {
  const git = createGit(repository.dir);
  expect(await git.root()).toBe(repository.dir);
  expect(await git.head()).toBe("");
  expect(await git.snapshot()).toBe(await git.treeOf(""));
});

test("outside a repository there is no root, and the rest says what to do", async () => {
  await rm(join(repository.dir, ".git"), { recursive: true });
  const git = createGit(repository.dir);
  expect(await git.root()).toBeUndefined();
  await expect(git.snapshot()).rejects.toThrow(/not in a git repository[\s\S]*git init/);
});

test("tracked, changed, deleted and untracked files count; ignored ones and .aegis do not", async () => {
  await repository.write(".gitignore", "dist/\n");
  await repository.write("kept.ts", "1");
  await repository.write("gone.ts", "1");
  await repository.git("add", "-A");
  await repository.git("commit", "-qm", "first");
  await rm(join(repository.dir, "gone.ts"));
  await repository.write("kept.ts", "2");
  await repository.write("new.ts", "3");
  await repository.write("dist/out.js", "4");
  await repository.write(".aegis/swarms/a/events.jsonl", "{}");
  const tree = await createGit(repository.dir).snapshot();
  expect(await namesIn(tree)).toEqual([".gitignore", "kept.ts", "new.ts"]);
  expect(await repository.git("cat-file", "blob", `${tree}:kept.ts`)).toBe("2");
});

test(".aegis stays out even where somebody committed it, and is no change", async () => {
  await repository.write(".aegis/note", "1");
  await repository.write("a", "1");
  await repository.git("add", "-Af");
  await repository.git("commit", "-qm", "first");
  const git = createGit(repository.dir);
  const tree = await git.snapshot();
  expect(await namesIn(tree)).toEqual(["a"]);
  expect(await git.changed(await git.treeOf(await git.head()), tree)).toEqual([]);
});

test("the person's index and status stay byte for byte what they were", async () => {
  await repository.write("a", "1");
  await repository.write("b", "1");
  await repository.git("add", "-A");
  await repository.git("commit", "-qm", "first");
  await repository.write("a", "staged");
  await repository.git("add", "a");
  await repository.write("a", "dirty");
  await repository.write("c", "new");
  const status = await repository.git("status", "--porcelain");
  const index = await readFile(join(repository.dir, ".git/index"));
  await createGit(repository.dir).snapshot();
  expect(await readFile(join(repository.dir, ".git/index"))).toEqual(index);
  expect(await repository.git("status", "--porcelain")).toBe(status);
});

test("two snapshots of one state are one hash; a changed exec bit or link target is another", async () => {
  await repository.write("run.sh", "#!/bin/sh\n");
  await symlink("run.sh", join(repository.dir, "link"));
  const git = createGit(repository.dir);
  const first = await git.snapshot();
  expect(await git.snapshot()).toBe(first);
  await chmod(join(repository.dir, "run.sh"), 0o755);
  const second = await git.snapshot();
  expect(await git.changed(first, second)).toEqual([{ path: "run.sh", kind: "modified" }]);
  await rm(join(repository.dir, "link"));
  await symlink("elsewhere", join(repository.dir, "link"));
  expect(await git.changed(second, await git.snapshot())).toEqual([{ path: "link", kind: "modified" }]);
});

test("names with spaces, quotes, newlines, globs and Hangul survive, whatever their normal form", async () => {
  const names = ["a b.ts", "q\"u'o.ts", "new\nline.ts", "ta\tb", "[x]*.ts", "한글.ts", "-rf", ":(top)x"];
  const decomposed = "분해.ts".normalize("NFD");
  for (const name of [...names, decomposed]) await repository.write(name, "1");
  const git = createGit(repository.dir);
  const tree = await git.snapshot();
  const changed = await git.changed(await git.treeOf(""), tree);
  expect(changed.map((change) => change.path).sort()).toEqual([...names, "분해.ts"].sort());
  expect(
    await git.composeTree(
      await git.treeOf(""),
      tree,
      changed.map((change) => change.path),
    ),
  ).toBe(tree);
  expect(await git.diff(await git.treeOf(""), tree, ["[x]*.ts"], 10_000)).toMatch(/^diff --git "?a\/\[x\]\*\.ts/);
});

test("a rename shows as deleted and added", async () => {
  await repository.write("old.ts", "long enough to be similar\n".repeat(20));
  const git = createGit(repository.dir);
  const before = await git.snapshot();
  await rename(join(repository.dir, "old.ts"), join(repository.dir, "new.ts"));
  expect(await git.changed(before, await git.snapshot())).toEqual([
    { path: "new.ts", kind: "added" },
    { path: "old.ts", kind: "deleted" },
  ]);
});

test("a file may become a directory and back", async () => {
  await repository.write("x", "file");
  await repository.git("add", "-A");
  await repository.git("commit", "-qm", "first");
  const git = createGit(repository.dir);
  const before = await git.snapshot();
  await rm(join(repository.dir, "x"));
  await repository.write("x/y", "inside");
  const after = await git.snapshot();
  expect(await namesIn(after)).toEqual(["x/y"]);
  expect(await git.composeTree(before, after, ["x", "x/y"])).toBe(after);
  expect(await git.composeTree(after, before, ["x", "x/y"])).toBe(before);
});

test("an edit too quick for timestamps is seen, though the index is a copy", async () => {
  await repository.git("config", "core.trustctime", "false");
  await repository.git("config", "core.checkStat", "minimal");
  const file = join(repository.dir, "same");
  const tick = new Date("2026-01-01T00:00:00Z");
  await repository.write("same", "aaaa");
  await utimes(file, tick, tick);
  await repository.git("add", "same");
  await utimes(join(repository.dir, ".git/index"), tick, tick);
  await repository.write("same", "bbbb");
  await utimes(file, tick, tick);
  const tree = await createGit(repository.dir).snapshot();
  expect(await repository.git("cat-file", "blob", `${tree}:same`)).toBe("bbbb");
});

test("a repository that a tool made inside the project is left out, with commits and without", async () => {
  await repository.write("a", "1");
  for (const name of ["fresh", "used"]) {
    await mkdir(join(repository.dir, name));
    await repository.git("init", "-q", name);
    await repository.write(`${name}/file`, "1");
  }
  const used = openRepository(join(repository.dir, "used"));
  await used.git("add", "-A");
  await used.git("-c", "user.name=a", "-c", "user.email=b", "commit", "-qm", "inner");
  expect(await namesIn(await createGit(repository.dir).snapshot())).toEqual(["a"]);
});

test("an unresolved merge is read from the files", async () => {
  await repository.write("a", "base\n");
  await repository.git("add", "-A");
  await repository.git("commit", "-qm", "base");
  await repository.git("checkout", "-qb", "other");
  await repository.write("a", "other\n");
  await repository.git("commit", "-qam", "other");
  await repository.git("checkout", "-q", "main");
  await repository.write("a", "main\n");
  await repository.git("commit", "-qam", "main");
  await expect(repository.git("merge", "other")).rejects.toThrow();
  const git = createGit(repository.dir);
  expect(await repository.git("cat-file", "blob", `${await git.snapshot()}:a`)).toContain("<<<<<<<");
  const request = { message: "x", tree: await git.snapshot(), expectedHead: await git.head() };
  await expect(git.commit(request)).rejects.toThrow(/merge is under way/);
});

test("two thousand files take well under a second, the untracked first time too", async () => {
  await Promise.all(
    Array.from({ length: 2000 }, (_, i) => repository.write(`src/d${i % 40}/f${i}.ts`, `export const x = ${i};\n`)),
  );
  const git = createGit(repository.dir);
  const first = await timed(() => git.snapshot());
  await repository.git("add", "-A");
  const second = await timed(() => git.snapshot());
  expect(second.value).toBe(first.value);
  expect(second.ms).toBeLessThan(900);
});

async function timed<T>(work: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const from = performance.now();
  const value = await work();
  return { value, ms: performance.now() - from };
}

test("a person's secrets and what the committed rules hold back are in no tree, however the ignore files change", async () => {
  await repository.write(".gitignore", ".env\n*.pem\nprivate/\ncreds.json\n");
  await repository.write("config/creds.json", "SECRET=1");
  await repository.write("config/app.json", "{}");
  await repository.write("a.ts", "1");
  await repository.git("add", "-A");
  await repository.git("commit", "-qm", "first");
  for (const name of [".env", "sub/.env.local", "sub/PROD.ENV", "key.pem", "private/deep/note.txt"])
    await repository.write(name, "SECRET=1");
  const git = createGit(repository.dir);
  const wanted = ["a.ts", "b.ts", "config/app.json", "config/.gitignore", ".gitignore"].sort();

  await repository.write("b.ts", "new work");
  await repository.write(".gitignore", "!.env\n!*.pem\n");
  await repository.write("config/.gitignore", "!creds.json\n");
  expect(await namesIn(await git.snapshot())).toEqual(wanted);
  expect((await git.keptBack()).sort()).toEqual([
    ".env",
    "config/creds.json",
    "key.pem",
    "private/deep/note.txt",
    "sub/.env.local",
    "sub/PROD.ENV",
  ]);
  await rm(join(repository.dir, ".gitignore"));
  expect(await namesIn(await git.snapshot())).toEqual(wanted.filter((name) => name !== ".gitignore"));
  await repository.write(".gitattributes", ".env -text\n.gitignore filter=x\n");
  expect(await namesIn(await git.snapshot())).not.toContain(".env");
});

test("examples, files git tracks, and work that no rule ever held back are in the tree", async () => {
  await repository.write(".env", "TRACKED=1");
  await repository.write(".gitignore", "dist/\n");
  await repository.git("add", "-Af");
  await repository.git("commit", "-qm", "first");
  await repository.write(".env", "TRACKED=2");
  await repository.write(".env.example", "KEY=");
  await repository.write(".gitignore", "dist/\nbuild/\n");
  await repository.write("src/env.ts", "x");
  const git = createGit(repository.dir);
  expect(await namesIn(await git.snapshot())).toEqual([".env", ".env.example", ".gitignore", "src/env.ts"]);
  expect(await git.keptBack()).toEqual([]);
});

test("on an unborn branch secrets are left out too", async () => {
  await repository.write(".gitignore", "x\n");
  await repository.write(".env", "SECRET=1");
  await repository.write("a.ts", "1");
  expect(await namesIn(await createGit(repository.dir).snapshot())).toEqual([".gitignore", "a.ts"]);
});
