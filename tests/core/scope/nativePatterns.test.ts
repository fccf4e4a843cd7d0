import fc from "fast-check";
import { expect, test } from "vitest";
import { contains } from "../../../src/core/scope/contains.ts";
import { nativePatterns } from "../../../src/core/scope/nativePatterns.ts";
import { glob, oracle, paths } from "./globs.ts";

/** OpenCode's matching: `*` any text, `?` one UTF-16 unit, both across `/`. */
function openCodeMatches(pattern: string, path: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "s").test(path);
}

test.each([
  ["src/api/**", ["src/api", "src/api/*"]],
  ["src/api", ["src/api", "src/api/*"]],
  ["src/*.ts", ["src/*.ts"]],
  ["src/a?[bc]@(d|e).ts", ["src/a*.ts"]],
  ["src/{a,b}/*.ts", ["src/a/*.ts", "src/b/*.ts"]],
  ["a/**/b.ts", ["a/*b.ts"]],
  ["**/b.ts", ["*b.ts"]],
  ["**", ["*"]],
  ["**/**", ["*"]],
  ["a*/**", ["a*", "a*/*"]],
  ["./src\\x/", ["src/x", "src/x/*"]],
  [`src/${"{a,b}".repeat(9)}`, ["src/*"]],
  ["../x", []],
  ["{a,../b}/c", []],
])("%s becomes %j", (text, expected) => {
  expect(nativePatterns(text)).toEqual(expected);
});

test("names in either Unicode form get through", () => {
  const patterns = nativePatterns("앱/*.ts");
  for (const form of ["NFC", "NFD"]) {
    expect(patterns.some((pattern) => openCodeMatches(pattern, "앱/로그인.ts".normalize(form)))).toBe(true);
  }
});

test("patterns know only * and match whatever the glob matches", () => {
  fc.assert(
    fc.property(glob, (text) => {
      const patterns = nativePatterns(text);
      expect(patterns.filter((pattern) => /[?[{]|\(/.test(pattern))).toEqual([]);
      const matches = oracle(text);
      const native = (path: string) => patterns.some((pattern) => openCodeMatches(pattern, path));
      expect(paths.filter((path) => matches(path) && !native(path))).toEqual([]);
    }),
    { numRuns: 200 },
  );
  expect(contains(["src/?"], "src/🙂") && nativePatterns("src/?").some((p) => openCodeMatches(p, "src/🙂"))).toBe(true);
});
