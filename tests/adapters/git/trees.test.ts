import { rm } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createGit } from "../../../src/adapters/git/gitRepository.ts";
import { makeRepository, type Repository } from "./repository.fixture.ts";

let repository: Repository;
beforeEach(async () => {
  repository = await makeRepository();
});
afterEach(() => repository.remove());

test("composing takes the named paths and nothing else", async () => {
  const git = createGit(repository.dir);
  for (const name of ["a", "b", "c"]) await repository.write(name, "1");
  const base = await git.snapshot();
  await repository.write("a", "2");
  await repository.write("b", "2");
  await rm(join(repository.dir, "c"));
  await repository.write("d", "2");
  const present = await git.snapshot();
  const composed = await git.composeTree(base, present, ["a", "c", "nowhere"]);
  expect(await git.changed(base, composed)).toEqual([
    { path: "a", kind: "modified" },
    { path: "c", kind: "deleted" },
  ]);
  expect(await git.composeTree(base, present, [])).toBe(base);
});

test("property: taking every path of a tree gives that tree, taking half and then half too", async () => {
  const git = createGit(repository.dir);
  const name = fc.constantFrom("a", "b", "가", "d i r/x", "dir/y", "dir/z/deep", '"q"', "n\nl");
  const files = fc.dictionary(name, fc.string({ maxLength: 4 }), { maxKeys: 8 });
  const treeOf = async (content: Record<string, string>): Promise<string> => {
    for (const entry of ["a", "b", "가", "d i r", "dir", '"q"', "n\nl"])
      await rm(join(repository.dir, entry), { recursive: true, force: true });
    for (const [path, text] of Object.entries(content)) await repository.write(path, text);
    return git.snapshot();
  };
  await fc.assert(
    fc.asyncProperty(files, files, fc.nat(8), async (one, two, cut) => {
      const [base, from] = [await treeOf(one), await treeOf(two)];
      const all = [...new Set([...Object.keys(one), ...Object.keys(two)])];
      expect(await git.composeTree(base, from, all)).toBe(from);
      const half = await git.composeTree(base, from, all.slice(0, cut));
      expect(await git.composeTree(half, from, all.slice(cut))).toBe(from);
      expect((await git.changed(base, half)).every((change) => all.slice(0, cut).includes(change.path))).toBe(true);
    }),
    { numRuns: 6 },
  );
});

test("a diff names only what was asked for and says what it cut", async () => {
  const git = createGit(repository.dir);
  const base = await git.snapshot();
  await repository.write("a", "line\n".repeat(500));
  await repository.write("b", "other\n");
  const tree = await git.snapshot();
  const whole = await git.diff(base, tree, ["a"], 100_000);
  expect(whole).toContain("+line");
  expect(whole).not.toContain("other");
  const cut = await git.diff(base, tree, ["a"], 300);
  expect(cut.length).toBeLessThan(350);
  expect(cut).toMatch(/\n\[cut: \d+ more bytes of diff\]\n$/);
  expect(await git.diff(base, tree, [], 300)).toBe("");
});

test("paths and text of a tree come from the tree, not from the disk", async () => {
  const git = createGit(repository.dir);
  await repository.write("package.json", '{"name":"가"}');
  await repository.write("src/a.ts", "1");
  await repository.write("big.txt", "x".repeat(1_000_001));
  const tree = await git.snapshot();
  await repository.write("package.json", "changed");
  expect(await git.paths(tree)).toEqual(["big.txt", "package.json", "src/a.ts"]);
  expect(await git.readText(tree, ["package.json", "big.txt", "none"])).toEqual(
    new Map([["package.json", '{"name":"가"}']]),
  );
});
