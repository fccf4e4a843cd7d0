import { expect, test } from "vitest";
import { detailOf } from "../../../src/core/qa/detailOf.ts";

/** Endings as the tools print them. */
test.each([
  ["vitest", " Test Files  5 passed (5)\n      Tests  48 passed (48)\n   Duration  1s\n", "48 passed"],
  [
    "vitest in colour",
    "\u001b[2m      Tests \u001b[22m \u001b[1m\u001b[31m2 failed\u001b[39m\u001b[22m\u001b[2m | \u001b[22m\u001b[32m46 passed\u001b[39m\u001b[90m (48)\u001b[39m\n",
    "46 passed, 2 failed",
  ],
  ["vitest, all failed", " Test Files  1 failed (1)\n      Tests  3 failed (3)\n", "3 failed"],
  [
    "jest",
    "Test Suites: 1 failed, 2 passed, 3 total\nTests:       1 failed, 1 skipped, 10 passed, 12 total\n",
    "10 passed, 1 failed, 1 skipped",
  ],
  ["several packages", "Tests:       4 passed, 4 total\n...\nTests:       6 passed, 6 total\n", "10 passed"],
  [
    "node:test as TAP",
    "# tests 4\n# suites 0\n# pass 3\n# fail 1\n# cancelled 0\n# skipped 0\n# todo 0\n",
    "3 passed, 1 failed",
  ],
  ["node:test as text", "ℹ tests 2\nℹ pass 2\nℹ fail 0\nℹ cancelled 0\nℹ skipped 0\n", "2 passed"],
  ["mocha", "  12 passing (40ms)\n  1 pending\n  2 failing\n", "12 passed, 2 failed, 1 skipped"],
  ["pytest", "===== 2 failed, 46 passed, 1 skipped in 1.20s =====\n", "46 passed, 2 failed, 1 skipped"],
  ["pytest -q", ".....\n5 passed in 0.02s\n", "5 passed"],
  ["pytest, collection", "1 error in 0.10s\n", "1 failed"],
  ["pytest, empty", "no tests ran in 0.01s\n", "no tests ran"],
  [
    "go",
    "ok  \texample.org/a\t0.003s\nok  \texample.org/b\t(cached)\n?   \texample.org/c\t[no test files]\nFAIL\texample.org/d\t0.1s\nFAIL\n",
    "2 packages passed, 1 package failed",
  ],
  [
    "cargo",
    "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured\ntest result: FAILED. 1 passed; 2 failed; 0 ignored\n",
    "4 passed, 2 failed, 1 skipped",
  ],
  [
    "maven",
    "Tests run: 2, Failures: 0, Errors: 0, Skipped: 0\nTests run: 9, Failures: 1, Errors: 1, Skipped: 1\n",
    "6 passed, 2 failed, 1 skipped",
  ],
])("tests: %s", (_name, output, detail) => {
  expect(detailOf("test", output)).toBe(detail);
});

test.each([
  ["tsc", "src/a.ts(1,2): error TS2322: Type\nsrc/b.ts(1,2): error TS1005: ';' expected.\n", "2 errors"],
  ["tsc, pretty", "src/a.ts:1:2 - error TS2322: Type\n\nFound 1 error in src/a.ts:1\n", "1 error"],
  ["eslint", "✖ 5 problems (3 errors, 2 warnings)\n", "3 errors, 2 warnings"],
  ["biome", "Checked 10 files in 5ms. No fixes applied.\nFound 2 errors.\nFound 1 warning.\n", "2 errors, 1 warning"],
  ["biome, clean", "Checked 10 files in 5ms. No fixes applied.\n", "0 errors"],
  ["mypy", "Found 3 errors in 2 files (checked 9 source files)\n", "3 errors"],
  ["mypy, clean", "Success: no issues found in 9 source files\n", "0 errors"],
  ["ruff", "Found 1 error.\n", "1 error"],
  ["rustc", "error[E0308]: mismatched types\nerror: aborting due to 1 previous error\n", "1 error"],
])("problems: %s", (_name, output, detail) => {
  expect(detailOf("typecheck", output)).toBe(detail);
});

test("a type error that stops a test run is told, and unknown output gives nothing", () => {
  expect(detailOf("test", "src/a.ts(1,2): error TS2322: Type\n")).toBe("1 error");
  expect(detailOf("test", "all is well, 48 times\n")).toBe("");
  expect(detailOf("lint", "")).toBe("");
});
