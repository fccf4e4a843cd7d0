import { expect, test } from "vitest";
import { diagnose } from "../../../src/core/qa/diagnose.ts";
import type { QaRow } from "../../../src/core/qa/qaCheck.ts";

const row = (output: string, passed = false): QaRow => ({
  check: "test",
  kind: "test",
  command: "npm run test",
  passed,
  detail: "1 failed",
  durationMs: 1,
  flaky: false,
  output,
});

test("only failed checks are diagnosed", () => {
  expect(diagnose([row("src/a.ts: error", true)])).toEqual([]);
});

test("paths in every tool's way of writing them, the most named first, dependencies left out", () => {
  const output = [
    "src/auth/login.ts(3,1): error TS2322: bad",
    " ❯ src/auth/login.ts:7:3",
    'File "app/models.py", line 3',
    "./src/한글.ts:1:1 lint/x",
    "at run (/tmp/checkout/src/deep/x.ts:3:1)",
    "at node_modules/vitest/dist/index.js:1:1",
  ].join("\n");
  const known = new Set(["src/auth/login.ts", "app/models.py", "src/한글.ts", "src/deep/x.ts"]);
  expect(diagnose([row(output)], known)[0]?.paths).toEqual([
    "src/auth/login.ts",
    "app/models.py",
    "src/한글.ts",
    "src/deep/x.ts",
  ]);
  expect(diagnose([row(output)])[0]?.paths).toEqual(["src/auth/login.ts", "app/models.py", "src/한글.ts"]);
});

test("the excerpt keeps lines of trouble and their neighbours, else the end", () => {
  const noise = Array.from({ length: 200 }, (_, i) => `ok ${i}`);
  const [diagnosis] = diagnose([
    row([...noise, "before", "\u001b[31mAssertionError: 1 != 2\u001b[0m", "after", ...noise].join("\n")),
  ]);
  expect(diagnosis?.excerpt).toBe("before\nAssertionError: 1 != 2\nafter");
  const [silent] = diagnose([row(noise.join("\n"))]);
  expect(silent?.excerpt.split("\n").at(-1)).toBe("ok 199");
  expect(silent?.excerpt.split("\n")).toHaveLength(40);
});
