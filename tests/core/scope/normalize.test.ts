import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { normalizeScopeGlob, protectedOverlap } from "../../../src/core/scope/normalize.ts";
import { isProtectedPath, PROTECTED_PATHS } from "../../../src/core/scope/protectedPaths.ts";
import { glob } from "./globs.ts";

describe("one spelling", () => {
  test.each([
    ["./src//api/", "src/api"],
    ["src\\api\\**", "src/api/**"],
    [".\\src\\\\api\\", "src/api"],
    ["a/../b", "b"],
    ["a/b/../../c/*.ts", "c/*.ts"],
    ["src/*/", "src/*/**"],
    ["src/**/", "src/**"],
    [".", "**"],
    ["./", "**"],
    ["a/..", "**"],
    ["my docs/read me.md", "my docs/read me.md"],
    ["앱/로그인".normalize("NFD"), "앱/로그인"],
    ["!(x)/y", "!(x)/y"],
    ["src/{a/b,c}/d", "src/{a/b,c}/d"],
    ["src/@(a/b|c)/../d", undefined],
    ["src/[..]/x", "src/[..]/x"],
    ["~user", "~user"],
    ["src/...", "src/..."],
  ])("%s", (written, spelled) => {
    const result = normalizeScopeGlob(written);
    if (spelled === undefined) expect(result).toMatchObject({ ok: false, code: "unsupported" });
    else expect(result).toEqual({ ok: true, glob: spelled });
  });

  test("is reached in one step", () => {
    fc.assert(
      fc.property(glob, fc.constantFrom("", "./", "x/../"), fc.constantFrom("", "/", "//"), (text, before, after) => {
        const once = normalizeScopeGlob(before + text + after);
        if (!once.ok) throw new Error(once.reason);
        expect(normalizeScopeGlob(once.glob)).toEqual(once);
      }),
      { numRuns: 300 },
    );
  });
});

describe("refused", () => {
  test.each([
    ["", "empty"],
    ["   ", "empty"],
    ["../x", "leaves-project"],
    ["a/../../x", "leaves-project"],
    ["a\\..\\..\\x", "leaves-project"],
    ["~/x", "leaves-project"],
    ["/etc/**", "absolute"],
    ["\\\\server\\share", "absolute"],
    ["C:\\x", "absolute"],
    ["c:/x", "absolute"],
    ["{a,/etc}/x", "absolute"],
    ["!src/**", "negation"],
    ["src/\u0000x", "control-character"],
    ["src/a\nb", "control-character"],
    ["*/../x", "unsupported"],
    ["{a,../..}/x", "unsupported"],
    ["{a,b}".repeat(8), "unsupported"],
    ["a".repeat(513), "too-long"],
    [".git", "protected"],
    [".git/**", "protected"],
    [".GIT/hooks/*", "protected"],
    ["packages/a/.git/config", "protected"],
    ["**/.git/**", "protected"],
    [".husky/pre-commit", "protected"],
    [".aegis", "protected"],
    ["./.opencode/agent/*.md", "protected"],
    ["src/../opencode.json", "protected"],
    ["opencode.json{,c}", "protected"],
    ["{src,.git}/**", "protected"],
    [".gi[t]/*/x", undefined],
    [".git/!(x)", "protected"],
    ["aegis.jsonc", "protected"],
  ])("%j: %s", (written, code) => {
    const result = normalizeScopeGlob(written);
    // `[t]` also stands for its own text, and a folder `.gi[t]` is nobody's.
    if (code === undefined) expect(result.ok).toBe(true);
    else expect(result).toMatchObject({ ok: false, code, reason: expect.stringMatching(/.{20}/) });
  });
});

test("a pattern that merely could match something protected is fine", () => {
  for (const fine of ["**", "*", "*.json", "*.jsonc", ".*", ".git*", ".github/**", "src/.husky/x", "src/aegis.jsonc"]) {
    expect(protectedOverlap(fine), fine).toBeUndefined();
    expect(normalizeScopeGlob(fine).ok, fine).toBe(true);
  }
});

test("every protected name is refused and protected, and what is below it too", () => {
  for (const name of PROTECTED_PATHS) {
    expect(protectedOverlap(name)).toContain(name);
    expect(protectedOverlap(`${name}/x/**`)).toContain(name);
    expect([isProtectedPath(name), isProtectedPath(`./${name}/x`), isProtectedPath(`src/${name}x`)]).toEqual([
      true,
      true,
      false,
    ]);
  }
});
