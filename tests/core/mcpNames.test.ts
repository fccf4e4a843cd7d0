import { expect, test } from "vitest";
import { coveredByPrefix, isAllowedMcpTool } from "../../src/core/mcpNames.ts";

test.each([
  ["docs_search", ["docs"], ["docs"], true],
  ["docs_search", ["docs"], [], true],
  ["docs_search", [], ["docs"], false],
  ["docs_private_read", ["docs"], ["docs", "docs_private"], false],
  ["docs_private_read", ["docs_private"], ["docs", "docs_private"], false],
  ["docs_private_read", ["docs", "docs_private"], ["docs", "docs_private"], true],
  // Both are called a_b_… : which one answers is the host's choice.
  ["a_b_read", ["a.b"], ["a.b", "a_b"], false],
  ["a_b_read", ["a.b"], ["a.b"], true],
  ["docs", ["docs"], ["docs"], false],
] as const)("%s with %j of %j: %s", (tool, allowed, configured, expected) => {
  expect(isAllowedMcpTool(tool, allowed, configured)).toBe(expected);
});

test("what an allowed name's pattern would cover beside it is named", () => {
  expect(coveredByPrefix(["docs"], ["docs", "docs_private", "doc", "docs.x", "other"])).toEqual([
    "docs_private",
    "docs.x",
  ]);
});
