import { describe, expect, it } from "vitest";
import { ScopeOwners } from "../../../src/core/view/scopeOwners.ts";
import { type ScopeOwner, scopeTree, type TreeNode } from "../../../src/core/view/scopeTree.ts";

const treeOf = (paths: readonly string[], owners: readonly ScopeOwner[]) =>
  scopeTree(paths, owners, new ScopeOwners(owners));

const drawn = (nodes: readonly TreeNode[], depth = 0): string[] =>
  nodes.flatMap(({ name, owners, wroteBy, children, more }) => [
    `${" ".repeat(depth)}${name}${children ? "/" : ""}${more === undefined ? "" : ` +${more}`} ${owners.join()} ${wroteBy.join()}`.trimEnd(),
    ...drawn(children ?? [], depth + 1),
  ]);

describe("the tree of scopes", () => {
  it("says whose a directory is, and who wrote a file, one that is not listed yet too", () => {
    const tree = treeOf(
      ["package.json", "src/store/a.ts", "src/store/b.ts", "src/api/x.ts", "docs/deep/one.md", "docs/deep/two.md"],
      [
        { id: "w01", scope: ["src/store/**"], wrote: ["src/store/new.ts"] },
        { id: "w02", scope: ["src/api/x.ts"], wrote: [] },
      ],
    );
    expect(drawn(tree)).toEqual([
      "docs/deep/ +2",
      "src/  w01",
      " api/ w02",
      "  x.ts w02",
      " store/ w01 w01",
      "  a.ts w01",
      "  b.ts w01",
      "  new.ts w01 w01",
      "package.json",
    ]);
  });

  it("shows where a scope begins at which nothing is yet", () => {
    const tree = treeOf(
      ["src/a.ts"],
      [
        { id: "w01", scope: ["src/new/**", "src/**/x.ts"], wrote: [] },
        { id: "w02", scope: ["docs/plan.md", "[bad"], wrote: [] },
      ],
    );
    expect(drawn(tree)).toEqual(["docs/ w02", " plan.md w02", "src/", " a.ts", " new/ w01"]);
    expect(tree[0]?.children?.[0]).toMatchObject({ planned: true });
  });

  it("shows a chain of single directories as one, and cuts a crowd that is nobody's", () => {
    const many = Array.from({ length: 9 }, (_, n) => `f${n}.txt`);
    const tree = treeOf([...many, "a/b/c/d.ts"], [{ id: "w01", scope: ["a/**"], wrote: [] }]);
    expect(tree[0]).toMatchObject({ name: "a/b/c", owners: ["w01"] });
    expect(tree.at(-1)).toMatchObject({ more: 3 });
    expect(treeOf([], [])).toEqual([]);
  });
});
