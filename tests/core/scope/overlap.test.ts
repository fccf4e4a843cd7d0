import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileScope, contains } from "../../../src/core/scope/contains.ts";
import { overlap, scopesOverlap } from "../../../src/core/scope/overlap.ts";
import { glob, oracle, paths } from "./globs.ts";

function witness(a: string, b: string, options = {}): string | undefined {
  const found = overlap(a, b, options);
  if (found === undefined) return undefined;
  if (!("witness" in found)) throw new Error(`undecided: ${found.reason}`);
  expect(contains([a], found.witness, options), `${a} contains ${found.witness}`).toBe(true);
  expect(contains([b], found.witness, options), `${b} contains ${found.witness}`).toBe(true);
  return found.witness;
}

describe("overlapping globs have a path that both match", () => {
  test.each([
    ["src/**", "src/api/**"],
    ["a/**", "a"],
    ["src/api", "src/api/**"],
    ["src/api", "src/api/users/list.ts"],
    ["src/api/", "src/api/x"],
    ["./src//api", "src\\api\\**"],
    ["src/web/../api", "src/api"],
    ["[a-m]*.ts", "foo.ts"],
    ["src/{a,b{1,2}}/**", "src/b2/x.ts"],
    ["src/{api,ui}", "src/ui/button.tsx"],
    ["@(api|ui)/**", "+(a|p|i)/x"],
    ["src/[!a]*", "src/?b"],
    ["*a*b*c*d*", "*d*c*b*a*"],
    ["앱/*.ts", "앱/가?.ts"],
    ["앱/로그인".normalize("NFD"), "앱/로그인/index.ts"],
    ["my docs/*", "my docs/read me.md"],
    ["**", "*"],
    ["**/.env*", "config/*"],
    ["app/[id]/page.tsx", "app/[id]/**"],
  ])("%s and %s", (a, b) => {
    expect(witness(a, b)).toBeTypeOf("string");
    expect(witness(b, a)).toBeTypeOf("string");
  });

  test("the witness is short and readable", () => {
    expect(witness("src/**", "src/api/**")).toBe("src/api");
    expect(witness("src/*.test.ts", "src/a*")).toBe("src/a.test.ts");
    expect(witness("src/*", "src/.*")).toMatch(/^src\/\.[^/]$/);
    expect(witness("docs/**", "**/*.md")).toMatch(/^docs\/\w\.md$/);
  });
});

describe("disjoint globs", () => {
  test.each([
    ["src/api/**", "src/ui/**"],
    ["src/api", "src/apis"],
    ["*.ts", "*.tsx"],
    ["src/*", "src/*/*"],
    ["src/[a-m]*", "src/[n-z]*"],
    ["src/{a,b}/**", "src/{c,d}/**"],
    ["+(a)/x", "+(b)/x"],
    ["src/?", "src/??"],
    ["src/!(x)", "lib/**"],
    ["opencode.json", "**"],
    [".git/**", "**"],
    ["**/.git/**", "packages/**"],
    ["앱/**", "웹/**"],
  ])("%s and %s", (a, b) => {
    expect(overlap(a, b)).toBeUndefined();
    expect(overlap(b, a)).toBeUndefined();
  });
});

describe("what cannot be decided counts as an overlap and is named", () => {
  test.each([
    ["src/!(api)/**", "src/**", "!(api)"],
    ["src/@(a|**)", "src/a", "**"],
    ["src/[[=a=]]", "src/a", "collating"],
    ["src/[[:nonsense:]]", "src/a", "[:nonsense:]"],
    [`src/${"{a,b}".repeat(9)}`, "src/aaaaaaaaa", "more than"],
    ["../x", "y", "leads out"],
    ["", "y", "empty"],
    [`src/${"a".repeat(600)}`, "src/b", "limit"],
    [`${"*a".repeat(120)}`, `${"*b?".repeat(120)}`, "too large"],
  ])("%s and %s", (a, b, part) => {
    expect(overlap(a, b)).toMatchObject({ undecided: true, reason: expect.stringContaining(part) });
    expect(overlap(b, a)).toMatchObject({ undecided: true });
  });

  test("a decided pattern beside an undecidable one still gives its witness", () => {
    expect(overlap("src/{!(x),a}", "src/a")).toEqual({ witness: "src/a" });
  });
});

test("case counts as the file system has it", () => {
  expect(overlap("SRC/a.ts", "src/A.ts")).toBeUndefined();
  expect(witness("SRC/a.ts", "src/A.ts", { caseInsensitive: true })?.toLowerCase()).toBe("src/a.ts");
  expect(witness("src/[a-m]*", "src/K?", { caseInsensitive: true })).toBeTypeOf("string");
  expect(overlap("src/[!a]", "src/A", { caseInsensitive: true })).toBeUndefined();
  expect(witness("ÄRGER/**", "ärger/x", { caseInsensitive: true })).toBeTypeOf("string");
});

test("scopes name the two globs that meet", () => {
  expect(scopesOverlap(["lib/**", "src/api/**"], ["docs/**", "src/**/*.ts"])).toEqual({
    globA: "src/api/**",
    globB: "src/**/*.ts",
    witness: expect.stringMatching(/^src\/api\/\w\.ts$/),
  });
  expect(scopesOverlap(["lib/**"], ["docs/**"])).toBeUndefined();
  expect(scopesOverlap([], ["**"])).toBeUndefined();
});

test("2,000 random pairs agree with a brute force over enumerated paths", () => {
  let overlapping = 0;
  let disjoint = 0;
  let tooLarge = 0;
  fc.assert(
    fc.property(glob, glob, (a, b) => {
      const [inA, inB] = [oracle(a), oracle(b)];
      const found = overlap(a, b);
      if (found === undefined) {
        disjoint++;
        expect(paths.filter((path) => inA(path) && inB(path))).toEqual([]);
      } else {
        if (!("witness" in found)) {
          // Beyond MAX_ALTERNATIVES braces count as an overlap that is named; nothing else may stay undecided here.
          expect(found.reason).toContain("too large to compare exactly");
          tooLarge++;
          return;
        }
        overlapping++;
        expect([inA(found.witness), inB(found.witness)]).toEqual([true, true]);
        expect([compileScope([a])(found.witness), compileScope([b])(found.witness)]).toEqual([true, true]);
        expect(overlap(b, a)).toBeDefined();
      }
    }),
    { numRuns: 2_000 },
  );
  expect(Math.min(overlapping, disjoint)).toBeGreaterThan(200);
  expect(tooLarge).toBeLessThan(20);
});

test("ordinary pairs are compared in well under 2 ms, hostile ones in bounded time", () => {
  const timed = (a: string, b: string, runs: number) => {
    const start = performance.now();
    for (let run = 0; run < runs; run++) overlap(a, b);
    return (performance.now() - start) / runs;
  };
  timed("src/{a,b}/**", "src/**/*.ts", 100);
  // Five times the target, so that a busy machine does not fail it.
  expect(timed("src/api/**/*.ts", "src/*/x/*.{ts,tsx}", 100)).toBeLessThan(10);
  expect(timed("src/{a,b}/**", "src/{b,c}/*.ts", 100)).toBeLessThan(10);
  const hostile = [
    `${"*a".repeat(200)}`,
    `${"+(a|*(b|+(c*)))".repeat(30)}`,
    `${"{a*,b?}".repeat(7)}/**`,
    `${"**/a*/".repeat(80)}b`,
    `+(${Array.from({ length: 60 }, (_, at) => "ab".repeat((at % 4) + 1)).join("|")})`,
  ];
  for (const a of hostile) for (const b of hostile) expect(timed(a, b, 1)).toBeLessThan(2_000);
});
