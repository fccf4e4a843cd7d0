import fc from "fast-check";
import { Words } from "refa";
import { describe, expect, test } from "vitest";
import { readablePaths, writablePaths } from "../../../src/core/scope/pathAutomata.ts";
import { PROTECTED_PATHS } from "../../../src/core/scope/protectedPaths.ts";

const accepts = (paths: ReturnType<typeof writablePaths>, path: string) => paths.test(Words.fromStringToUnicode(path));

/** The same rule said in another way: segment by segment, as a person would check it. */
function isWritable(path: string): boolean {
  const segments = path.split("/");
  const folded = segments.map((segment) => segment.toLowerCase().replaceAll("ſ", "s").replaceAll("\u212a", "k"));
  return (
    segments.every((segment) => segment !== "" && segment !== "." && segment !== "..") &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
    !/[\u0000-\u001f\u007f]/u.test(path) &&
    ![".git", ".opencode", "opencode.json", "opencode.jsonc", "tui.json", "tui.jsonc"].some((name) =>
      folded.includes(name),
    ) &&
    !PROTECTED_PATHS.some((name) => name === folded[0])
  );
}

const segment = fc.oneof(
  fc.constantFrom(
    ...PROTECTED_PATHS,
    ".",
    "..",
    "",
    ".Git",
    ".gi",
    ".github",
    "git",
    ".HUſKY",
    "OPENCODE.JSONC",
    "opencode.jsonx",
  ),
  fc.string({ maxLength: 6 }),
  fc.string({ unit: "binary", maxLength: 4 }),
);
const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join("/"));

describe("the paths a scope can mean", () => {
  test("are the clean, relative, unprotected ones", () => {
    fc.assert(
      fc.property(path, (text) => {
        expect(accepts(writablePaths(), text)).toBe(isWritable(text));
      }),
      { numRuns: 3_000 },
    );
  });

  test("are readable where every name starts with a letter, digit, underscore or beyond ASCII", () => {
    fc.assert(
      fc.property(path, (text) => {
        const readable = isWritable(text) && text.split("/").every((name) => /^[\w\u0080-\u{10ffff}]/u.test(name));
        expect(accepts(readablePaths(), text)).toBe(readable);
      }),
      { numRuns: 3_000 },
    );
  });

  test.each([
    ".git",
    "a/.GIT/hooks",
    "packages/app/opencode.json",
    "packages/app/.opencode/plugins/x.ts",
    ".aegis/swarms",
    "opencode.json",
    "aegis.jsonc/x",
    "a//b",
    "/a",
    "a/",
    "../a",
    "a/./b",
    "",
  ])("leave out %j", (text) => {
    expect(accepts(writablePaths(), text)).toBe(false);
  });

  test.each([".github/workflows", "src/.aegis", "a/opencode.js", "gitx", "..a", ".gitignore", "한글/파일"])(
    "hold %j",
    (text) => {
      expect(accepts(writablePaths(), text)).toBe(true);
    },
  );
});
