import { access, chmod, lstat, mkdir, readFile, readlink, realpath, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createGit } from "../../../src/adapters/git/gitRepository.ts";
import { makeRepository, type Repository } from "./repository.fixture.ts";

let repository: Repository;
beforeEach(async () => {
  repository = await makeRepository();
});
afterEach(() => repository.remove());

test("the checkout is exactly the tree, hashes to it, and is gone afterwards also after a failure", async () => {
  const git = createGit(repository.dir);
  await repository.write("src/한글 이름.ts", "1");
  await repository.write("run.sh", "#!/bin/sh\n");
  await chmod(join(repository.dir, "run.sh"), 0o755);
  await symlink("run.sh", join(repository.dir, "link"));
  const tree = await git.snapshot();
  await repository.write("src/한글 이름.ts", "dirty");
  let seen = "";
  const failing = git.withCheckout(tree, async (dir, inside) => {
    seen = dir;
    expect(await readFile(join(dir, "src/한글 이름.ts"), "utf8")).toBe("1");
    expect((await lstat(join(dir, "run.sh"))).mode & 0o111).not.toBe(0);
    expect(await readlink(join(dir, "link"))).toBe("run.sh");
    expect(await inside.root()).toBe(dir);
    expect(await inside.snapshot()).toBe(tree);
    throw new Error("use failed");
  });
  await expect(failing).rejects.toThrow("use failed");
  await expect(access(seen)).rejects.toThrow(/ENOENT/);
});

test("git inside shows what a commit would, and what is done there reaches nobody", async () => {
  const git = createGit(repository.dir);
  await repository.write("a", "1\n");
  await git.commit({ message: "first", tree: await git.snapshot(), expectedHead: "" });
  await repository.write("a", "2\n");
  const head = await git.head();
  await git.withCheckout(await git.snapshot(), async (dir) => {
    const inside = async (...args: string[]): Promise<string> => (await execa("git", args, { cwd: dir })).stdout;
    expect(await inside("diff", "--cached", "--name-only")).toBe("a");
    expect(await inside("branch", "--show-current")).toBe("main");
    expect(await inside("config", "user.name")).toBe("Kim");
    await inside("commit", "-qm", "in the checkout");
    expect(await inside("rev-list", "--count", "HEAD")).toBe("2");
  });
  expect(await git.head()).toBe(head);
  expect(await repository.git("status", "--porcelain")).toBe(" M a\n");
});

test("ignored dependencies are linked; packages of the workspace lead into the checkout; the tree stays the tree", async () => {
  await repository.write(".gitignore", "node_modules/\n.venv/\n");
  await repository.write("packages/lib/index.js", "module.exports = 'tested'");
  await repository.write("main.js", "console.log(require('dep'), require('@me/lib'))");
  await repository.write("node_modules/dep/index.js", "module.exports = 'dep'");
  await repository.write("node_modules/.vite/cache", "old");
  await repository.write(".venv/bin/python", "");
  await mkdir(join(repository.dir, "node_modules/@me"));
  await symlink("../../packages/lib", join(repository.dir, "node_modules/@me/lib"));
  const git = createGit(repository.dir);
  const tree = await git.snapshot();
  await repository.write("packages/lib/index.js", "module.exports = 'dirty'");
  await git.withCheckout(tree, async (dir, inside) => {
    expect((await execa("node", ["main.js"], { cwd: dir })).stdout).toBe("dep tested");
    expect(await realpath(join(dir, ".venv"))).toBe(join(repository.dir, ".venv"));
    await mkdir(join(dir, "node_modules/.vite"));
    await writeFile(join(dir, "node_modules/.vite/cache"), "new");
    expect(await inside.snapshot()).toBe(tree);
  });
  expect(await readFile(join(repository.dir, "node_modules/.vite/cache"), "utf8")).toBe("old");
  expect(await readFile(join(repository.dir, "node_modules/dep/index.js"), "utf8")).toBe("module.exports = 'dep'");
});

test("line endings and attributes of the project hold in the checkout", async () => {
  await repository.git("config", "core.autocrlf", "true");
  await repository.write(".gitattributes", "*.sh text eol=lf\n*.bat text eol=crlf\n");
  await repository.write("a.sh", "x\ny\n");
  await repository.write("a.bat", "x\r\ny\r\n");
  const git = createGit(repository.dir);
  await git.withCheckout(await git.snapshot(), async (dir) => {
    expect(await readFile(join(dir, "a.sh"), "utf8")).toBe("x\ny\n");
    expect(await readFile(join(dir, "a.bat"), "utf8")).toBe("x\r\ny\r\n");
  });
});

test("unborn and detached heads check out too", async () => {
  const git = createGit(repository.dir);
  await repository.write("a", "1");
  const tree = await git.snapshot();
  await git.withCheckout(tree, async (_dir, inside) => expect(await inside.head()).toBe(""));
  await git.commit({ message: "x", tree, expectedHead: "" });
  await repository.git("checkout", "-q", "--detach");
  const head = await git.head();
  await git.withCheckout(tree, async (_dir, inside) => expect(await inside.head()).toBe(head));
});
