import fc from "fast-check";
import { expect, test } from "vitest";
import { contains } from "../../../src/core/scope/contains.ts";
import { coversWholePrefix, literalPrefix } from "../../../src/core/scope/prefix.ts";
import { glob, oracle, paths } from "./globs.ts";

test.each([
  ["src/api/**", "src/api", true],
  ["src/api", "src/api", true],
  ["./src/api/", "src/api", true],
  ["src/api/**/**", "src/api", true],
  ["**", "", true],
  [".", "", true],
  ["src/a*.ts", "src", false],
  ["src/a**", "src", false],
  ["src/**/x", "src", false],
  ["src/*", "src", false],
  ["*", "", false],
  ["*.ts", "", false],
  ["src/{a,b}/**", "src", false],
  ["app/[id]/**", "app", false],
  ["src/+(a)/x", "src", false],
  ["app/(shop)/**", "app/(shop)", true],
  ["앱/화면 하나/**", "앱/화면 하나", true],
])("%s lies in %j (whole: %s)", (text, prefix, whole) => {
  expect([literalPrefix(text), coversWholePrefix(text)]).toEqual([prefix, whole]);
});

test("an unusable glob has no prefix, rather than the whole project", () => {
  expect(() => literalPrefix("../x")).toThrow(RangeError);
  expect(coversWholePrefix("../x")).toBe(false);
});

test("every path of a glob lies in its prefix, and a wholly covered prefix holds nothing else", () => {
  fc.assert(
    fc.property(glob, (text) => {
      const prefix = literalPrefix(text);
      const inside = (path: string) => prefix === "" || path === prefix || path.startsWith(`${prefix}/`);
      const matches = oracle(text);
      expect(paths.filter((path) => matches(path) && !inside(path))).toEqual([]);
      if (coversWholePrefix(text)) expect(paths.filter((path) => inside(path) && !contains([text], path))).toEqual([]);
    }),
    { numRuns: 200 },
  );
});
