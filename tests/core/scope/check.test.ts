import { expect, test } from "vitest";
import { checkScopes } from "../../../src/core/scope/check.ts";

const worker = (name: string, ...fileScope: string[]) => ({ name, fileScope });

test("disjoint scopes pass, and one Worker's globs may overlap each other", () => {
  const input = [worker("api", "src/api/**", "src/api/x.ts"), worker("ui", "src/ui", "src/**/*.css.ts")];
  expect(checkScopes([input[0], worker("ui", "src/ui")])).toEqual({ ok: true, overlaps: [] });
  expect(checkScopes(input)).toMatchObject({ ok: false });
  expect(checkScopes([])).toEqual({ ok: true, overlaps: [] });
});

test("each pair of Workers that overlaps is reported once, with both globs and a path", () => {
  const result = checkScopes([worker("a", "src/api/**"), worker("b", "src/**"), worker("c", "src/api/users.ts")]);
  expect(result).toEqual({
    ok: false,
    overlaps: [
      { a: "a", b: "b", globA: "src/api/**", globB: "src/**", witness: "src/api" },
      { a: "a", b: "c", globA: "src/api/**", globB: "src/api/users.ts", witness: "src/api/users.ts" },
      { a: "b", b: "c", globA: "src/**", globB: "src/api/users.ts", witness: "src/api/users.ts" },
    ],
  });
});

test("what cannot be decided is reported in place of a witness", () => {
  expect(checkScopes([worker("a", "src/!(api)/**"), worker("b", "src/api/**")])).toEqual({
    ok: false,
    overlaps: [
      {
        a: "a",
        b: "b",
        globA: "src/!(api)/**",
        globB: "src/api/**",
        undecided: true,
        reason: expect.stringContaining("!(api)"),
      },
    ],
  });
});

test("globs that cannot be used are problems, and the rest is still compared", () => {
  const result = checkScopes([worker("a", "../x", ".git/**", "src/**"), worker("a", "src/b")]);
  expect(result).toMatchObject({
    ok: false,
    overlaps: [{ globA: "src/**", globB: "src/b", witness: "src/b" }],
    problems: [
      { name: "a", glob: "../x", code: "leaves-project" },
      { name: "a", glob: ".git/**", code: "protected" },
      { name: "a", glob: "", code: "duplicate-name" },
    ],
  });
});

test.each([
  [undefined, "(top level)"],
  ["[]", "(top level)"],
  [{ name: "a" }, "(top level)"],
  [[{ name: "a" }], "0.fileScope"],
  [[{ name: "", fileScope: [] }], "0.name"],
  [[{ name: "a", fileScope: "src/**" }], "0.fileScope"],
  [[{ name: "a", fileScope: [1] }], "0.fileScope.0"],
])("malformed input %j says where", (input, place) => {
  const result = checkScopes(input);
  expect(result).toMatchObject({
    ok: false,
    overlaps: [],
    problems: [{ name: place, code: "malformed-input", reason: expect.stringContaining("fileScope") }],
  });
});

test("32 Workers with 16 globs each are compared within seconds, hostile scopes too", () => {
  const many = Array.from({ length: 32 }, (_, at) =>
    worker(`w${at}`, ...Array.from({ length: 16 }, (_, file) => `src/f${at}/**/*${file}.{ts,tsx}`)),
  );
  const start = performance.now();
  expect(checkScopes(many)).toEqual({ ok: true, overlaps: [] });
  const hostile = (end: string) => Array.from({ length: 64 }, (_, at) => `${"*a".repeat(60)}${at}${end}`);
  expect(checkScopes([worker("a", ...hostile("x")), worker("b", ...hostile("y"))])).toMatchObject({
    ok: false,
    overlaps: [{ undecided: true, reason: expect.stringContaining("too ") }],
  });
  expect(performance.now() - start).toBeLessThan(15_000);
});

test("case is compared as asked", () => {
  const input = [worker("a", "SRC/**"), worker("b", "src/**")];
  expect(checkScopes(input)).toEqual({ ok: true, overlaps: [] });
  expect(checkScopes(input, { caseInsensitive: true })).toMatchObject({ ok: false, overlaps: [{ a: "a", b: "b" }] });
});
