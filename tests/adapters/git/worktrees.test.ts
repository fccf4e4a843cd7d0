import { chmod, mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createGit } from "../../../src/adapters/git/gitRepository.ts";
import { createWorktrees } from "../../../src/adapters/git/worktrees.ts";
import type { TreePlace } from "../../../src/ports/worktrees.ts";
import { makeRepository, openRepository, type Repository } from "./repository.fixture.ts";

let repository: Repository;
let base: string;
beforeEach(async () => {
  repository = await makeRepository();
  await repository.write(".gitignore", ".aegis/\nnode_modules/\n.env\n*.log\n");
  await repository.write("src/a.txt", "one\ntwo\nthree\n");
  await repository.write("src/b.txt", "b\n");
  await repository.git("add", "-A");
  await repository.git("commit", "-qm", "first");
  base = (await repository.git("rev-parse", "HEAD")).trim();
});
afterEach(() => repository.remove());

const place = (name: string): TreePlace => ({
  dir: join(repository.dir, ".aegis/worktrees/s-1", name),
  branch: `aegis/s-1/${name}`,
});
const inSrc = (path: string) => path.startsWith("src/");
const everything = () => true;
const branches = async () => (await repository.git("branch", "--format=%(refname:short)")).trim().split("\n").sort();

async function saved(name: string, files: Record<string, string>, start = base): Promise<string> {
  const trees = createWorktrees(repository.dir);
  await trees.open(place(name), start);
  const inside = openRepository(place(name).dir);
  for (const [path, text] of Object.entries(files)) await inside.write(path, text);
  return trees.save(place(name), inSrc, `work of ${name}`);
}

describe("a Worker's own tree", () => {
  test("is a worktree on its branch; the person's branch, index and files stay as they are", async () => {
    await repository.write("src/b.txt", "dirty\n");
    await repository.write("staged.txt", "s\n");
    await repository.git("add", "staged.txt");
    const before = await repository.git("status", "--porcelain");
    const trees = createWorktrees(repository.dir);
    await trees.open(place("w01"), base);
    expect(await openRepository(place("w01").dir).git("status", "--porcelain", "--branch")).toBe("## aegis/s-1/w01\n");
    expect(await trees.isOpen(place("w01"))).toBe(true);
    expect(await branches()).toEqual(["aegis/s-1/w01", "main"]);
    expect(await repository.git("status", "--porcelain")).toBe(before);
    expect((await repository.git("rev-parse", "main")).trim()).toBe(base);
  });

  test("no hook of the project's runs for it", async () => {
    const hooks = join(repository.dir, ".git/hooks");
    await mkdir(hooks, { recursive: true });
    for (const name of ["post-checkout", "pre-commit", "post-commit", "reference-transaction"]) {
      await writeFile(join(hooks, name), `#!/bin/sh\ntouch ${repository.dir}/hook-ran-${name}\n`);
      await chmod(join(hooks, name), 0o755);
    }
    await saved("w01", { "src/new.txt": "n\n" });
    await createWorktrees(repository.dir).close(place("w01"), true);
    expect((await readdir(repository.dir)).filter((name) => name.startsWith("hook-ran"))).toEqual([]);
  });

  test("saves changed, new and deleted files of the scope as a commit of ours, and nothing twice", async () => {
    const trees = createWorktrees(repository.dir);
    await trees.open(place("w01"), base);
    const inside = openRepository(place("w01").dir);
    await inside.write("src/a.txt", "changed\n");
    await inside.write("src/한글 name.txt", "new\n");
    await inside.write("outside.txt", "not mine\n");
    await inside.write("src/ignored.log", "log\n");
    await rm(join(place("w01").dir, "src/b.txt"));
    const commit = await trees.save(place("w01"), inSrc, "work");
    const shown = await repository.git(
      "-c",
      "core.quotePath=false",
      "show",
      "--format=%an %s",
      "--name-status",
      commit,
    );
    expect(shown).toBe("aegis work\n\nM\tsrc/a.txt\nD\tsrc/b.txt\nA\tsrc/한글 name.txt\n");
    expect((await repository.git("rev-parse", "aegis/s-1/w01")).trim()).toBe(commit);
    expect(await trees.save(place("w01"), inSrc, "work")).toBe(commit);
    expect(await trees.ignored(place("w01"), inSrc)).toEqual(["src/ignored.log"]);
  });

  test("opened again, it stands at the new start; what was saved stays reachable from there", async () => {
    const work = await saved("w01", { "src/a.txt": "mine\n" });
    const trees = createWorktrees(repository.dir);
    await openRepository(place("w01").dir).write("src/stray.txt", "unsaved\n");
    await trees.open(place("w01"), work);
    expect(await openRepository(place("w01").dir).git("show", "HEAD:src/a.txt")).toBe("mine\n");
    expect(await trees.contains(work, base)).toBe(true);
    expect(await trees.contains(base, work)).toBe(false);
  });

  test("comes back from its branch after its directory was deleted; without the branch it says no", async () => {
    const work = await saved("w01", { "src/a.txt": "mine\n" });
    await rm(place("w01").dir, { recursive: true });
    const trees = createWorktrees(repository.dir);
    expect(await trees.isOpen(place("w01"))).toBe(false);
    expect(await trees.reopen(place("w01"))).toBe(true);
    expect((await openRepository(place("w01").dir).git("rev-parse", "HEAD")).trim()).toBe(work);
    await rm(place("w01").dir, { recursive: true });
    await repository.git("worktree", "prune");
    await repository.git("branch", "-D", place("w01").branch);
    expect(await trees.reopen(place("w01"))).toBe(false);
  });

  test("closed, its directory is gone, and its branch where that was asked; other worktrees stay", async () => {
    await saved("w01", { "src/a.txt": "mine\n" });
    const work = await saved("w02", { "src/b.txt": "mine\n" });
    const trees = createWorktrees(repository.dir);
    await trees.close(place("w01"), true);
    await trees.close(place("w02"), false);
    await expect(stat(place("w01").dir)).rejects.toThrow("ENOENT");
    await expect(stat(place("w02").dir)).rejects.toThrow("ENOENT");
    expect(await branches()).toEqual(["aegis/s-1/w02", "main"]);
    expect((await repository.git("rev-parse", "aegis/s-1/w02")).trim()).toBe(work);
    expect((await repository.git("worktree", "list", "--porcelain")).match(/^worktree /gmu)).toHaveLength(1);
    await trees.close(place("w01"), true);
  });

  test("lists what the project ignores, never its own state", async () => {
    await repository.write("node_modules/x/index.js", "x\n");
    await repository.write(".env", "A=1\n");
    await repository.write(".aegis/log", "x\n");
    const entries = await createWorktrees(repository.dir).ignoredEntries();
    expect(entries).toEqual([
      { path: ".env", isDirectory: false },
      { path: "node_modules", isDirectory: true },
    ]);
  });

  test("eight can be made side by side", async () => {
    const trees = createWorktrees(repository.dir);
    const names = Array.from({ length: 8 }, (_, n) => `w0${n}`);
    for (const name of names) await trees.open(place(name), base);
    expect((await branches()).length).toBe(9);
  });
});

describe("merging", () => {
  test("changes of two Workers in other files, and in other lines of one file, merge without a working tree", async () => {
    const first = await saved("w01", { "src/a.txt": "ONE\ntwo\nthree\n" });
    const second = await saved("w02", { "src/a.txt": "one\ntwo\nTHREE\n", "src/new.txt": "n\n" });
    const trees = createWorktrees(repository.dir);
    const merge = await trees.merge(first, second, "merged");
    if (!merge.clean) throw new Error("conflict");
    expect(await repository.git("show", `${merge.commit}:src/a.txt`)).toBe("ONE\ntwo\nTHREE\n");
    expect(await trees.contains(merge.commit, first)).toBe(true);
    expect(await trees.contains(merge.commit, second)).toBe(true);
    expect(await trees.merge(merge.commit, second, "again")).toEqual({ clean: true, commit: merge.commit });
    expect(await repository.git("status", "--porcelain")).toBe("");
  });

  test("a conflict gives both versions and names the files, also where one side deleted", async () => {
    const first = await saved("w01", { "src/a.txt": "mine\n", "src/b.txt": "kept\n" });
    const trees = createWorktrees(repository.dir);
    await repository.write("src/a.txt", "person's\n");
    await rm(join(repository.dir, "src/b.txt"));
    const ours = await trees.commit(await createGit(repository.dir).snapshot(), [base], "project");
    const merge = await trees.merge(ours, first, "merged");
    if (merge.clean) throw new Error("merged");
    expect(merge.paths).toEqual(["src/a.txt", "src/b.txt"]);
    const marked = await trees.marked(merge.tree, merge.paths);
    expect([...marked.keys()]).toEqual(["src/a.txt"]);
    expect(marked.get("src/a.txt")).toMatch(/^<{7} [\s\S]*person's\n={7}\nmine\n>{7} /u);
  });

  test("a rename on one side carries no change of the other to the new name", async () => {
    const first = await saved("w01", { "src/a.txt": "one\ntwo\nthree\nfour\n" });
    await repository.git("mv", "src/a.txt", "elsewhere.txt");
    const trees = createWorktrees(repository.dir);
    const ours = await trees.commit(await createGit(repository.dir).snapshot(), [base], "project");
    const merge = await trees.merge(ours, first, "merged");
    expect(merge).toMatchObject({ clean: false, paths: ["src/a.txt"] });
    if (!merge.clean) expect(await repository.git("show", `${merge.tree}:elsewhere.txt`)).toBe("one\ntwo\nthree\n");
  });

  test("a merge after the conflict was resolved on top of both is clean", async () => {
    const first = await saved("w01", { "src/a.txt": "mine\n" });
    const trees = createWorktrees(repository.dir);
    await repository.write("src/a.txt", "person's\n");
    const ours = await trees.commit(await createGit(repository.dir).snapshot(), [base], "project");
    const merge = await trees.merge(ours, first, "merged");
    if (merge.clean) throw new Error("merged");
    const start = await trees.commit(merge.tree, [ours, first], "both");
    const resolved = await saved("w01", { "src/a.txt": "both\n" }, start);
    expect((await trees.merge(ours, resolved, "now")).clean).toBe(true);
    expect((await trees.merge(resolved, first, "contained")).clean).toBe(true);
  });
});

describe("where worktrees cannot be", () => {
  const obstacle = async (count = 1) => {
    const tree = await createGit(repository.dir).snapshot();
    return createWorktrees(repository.dir).obstacle(join(repository.dir, ".aegis/worktrees"), tree, count);
  };

  test("nothing stands in the way of an ordinary repository, an unborn one, and one that is a worktree itself", async () => {
    expect(await obstacle(8)).toBeUndefined();
    await repository.git("worktree", "add", "-q", "-b", "other", "other");
    const linked = join(repository.dir, "other");
    const trees = createWorktrees(linked);
    const own = { dir: join(linked, ".aegis/worktrees/s-1/w01"), branch: "aegis/s-1/w01" };
    await trees.open(own, base);
    expect(await trees.isOpen(own)).toBe(true);
    const unborn = await makeRepository();
    await unborn.write("a", "1\n");
    const tree = await createGit(unborn.dir).snapshot();
    const start = await createWorktrees(unborn.dir).commit(tree, [], "baseline");
    expect(await createWorktrees(unborn.dir).obstacle(unborn.dir, tree, 1)).toBeUndefined();
    const there = { dir: join(unborn.dir, ".aegis/worktrees/s-1/w01"), branch: "aegis/s-1/w01" };
    await createWorktrees(unborn.dir).open(there, start);
    expect(await createWorktrees(unborn.dir).save(there, everything, "x")).toBe(start);
    await unborn.remove();
  });

  test("a submodule is named", async () => {
    await repository.git("update-index", "--add", "--cacheinfo", `160000,${base},vendor/lib`);
    await repository.git("commit", "-qm", "submodule");
    await mkdir(join(repository.dir, "vendor/lib"), { recursive: true });
    expect((await obstacle())?.happened).toContain("vendor/lib is a submodule");
  });

  test("a filter such as LFS is named, a commented one is not", async () => {
    await repository.write(".gitattributes", "# *.png filter=lfs\n*.txt text\n");
    expect(await obstacle()).toBeUndefined();
    await repository.write("src/.gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    expect((await obstacle())?.happened).toContain('src/.gitattributes sends files through the filter "lfs"');
  });

  test("a sparse checkout and a branch called aegis are named", async () => {
    await repository.git("branch", "aegis");
    expect((await obstacle())?.happened).toContain('a branch is called "aegis"');
    await repository.git("branch", "-m", "aegis", "else");
    await repository.git("config", "core.sparseCheckout", "true");
    const found = await obstacle();
    expect(found?.happened).toContain("sparse checkout");
    expect(found?.next).toContain("git sparse-checkout disable");
  });

  test("a disk without room is told with figures", async () => {
    const found = await obstacle(1_000_000_000);
    expect(found?.happened).toMatch(/1000000000 worktree\(s\) of [\d,]+ MB each need [\d,]+ MB .* has [\d,]+ MB free/u);
  });
});
