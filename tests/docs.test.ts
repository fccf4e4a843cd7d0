import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

test("every test that docs/security.md names is there", () => {
  const text = readFileSync(new URL("../docs/security.md", import.meta.url), "utf8");
  const named = [...text.matchAll(/`(tests\/[^`]+)`/gu)].map(([, file = ""]) => file);
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((file) => !existsSync(new URL(`../${file}`, import.meta.url)))).toEqual([]);
  // A promise without a test is no promise.
  const rows = text.split("\n").filter((line) => line.startsWith("| ") && !/^\| promise|^\|---/u.test(line));
  expect(rows.filter((row) => !row.includes("`tests/"))).toEqual([]);
});
