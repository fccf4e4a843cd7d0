import type { QaKind } from "./qaCheck.ts";

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control sequences
const ANSI = /\u001b\[[0-9;?]*[A-Za-z]/g;

export function withoutColours(text: string): string {
  return text.replace(ANSI, "");
}

/**
 * One line on what a check printed, for the QA table: "48 passed", "46 passed, 2 failed", "3 errors".
 * @returns "" where no known tool's summary is in the output.
 */
export function detailOf(kind: QaKind, output: string): string {
  const text = withoutColours(output);
  const readers =
    kind === "typecheck" || kind === "lint"
      ? [...PROBLEM_READERS, ...TEST_READERS]
      : [...TEST_READERS, ...PROBLEM_READERS];
  for (const read of readers) {
    const detail = read(text);
    if (detail !== undefined) return detail;
  }
  return "";
}

type Reader = (text: string) => string | undefined;

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

function counted({ passed, failed, skipped }: Counts): string | undefined {
  const parts = [
    ...(passed > 0 || (failed === 0 && skipped === 0) ? [`${passed} passed`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
  ];
  return parts.join(", ");
}

/** The number before a word in a summary line, 0 where the word is absent. */
function before(line: string, word: string): number {
  return Number(new RegExp(`(\\d+)\\s+${word}\\b`).exec(line)?.[1] ?? 0);
}

/** Sum of the first group over all matches: several packages print a summary each. */
function sum(text: string, pattern: RegExp): number | undefined {
  const matches = [...text.matchAll(pattern)];
  return matches.length === 0 ? undefined : matches.reduce((total, match) => total + Number(match[1]), 0);
}

function lines(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[0]);
}

function over(
  found: readonly string[],
  words: { passed: string; failed: string; skipped: string },
): string | undefined {
  if (found.length === 0) return undefined;
  const total = (word: string): number => found.reduce((all, line) => all + before(line, word), 0);
  return counted({ passed: total(words.passed), failed: total(words.failed), skipped: total(words.skipped) });
}

const RUNNER_WORDS = { passed: "passed", failed: "failed", skipped: "skipped" };

/** `Tests  2 failed | 46 passed (48)` and `Tests: 2 failed, 46 passed, 48 total`; not the line of test files. */
const vitestOrJest: Reader = (text) =>
  over(lines(text, /^\s*Tests:?\s+\d+ (failed|passed|skipped|todo|pending).*$/gm), RUNNER_WORDS);

const cargo: Reader = (text) =>
  over(lines(text, /^test result: .*$/gm), { passed: "passed", failed: "failed", skipped: "ignored" });

/** `== 46 passed, 2 failed in 1.2s ==`, or without the rulers under `-q`; collection errors count as failures. */
const pytest: Reader = (text) => {
  const line = lines(text, /^=*\s*(\d+ [a-z]+,? ?)+ in [\d.]+\s?s.*$/gm).at(-1);
  if (line === undefined) return /^=*\s*no tests ran in /m.test(text) ? "no tests ran" : undefined;
  const failed = before(line, "failed") + before(line, "errors?");
  return counted({ passed: before(line, "passed"), failed, skipped: before(line, "skipped") });
};

/** The TAP and the spec reporter end alike: `# pass 3` or `ℹ pass 3`. */
const nodeTest: Reader = (text) => {
  const count = (word: string): number | undefined => sum(text, new RegExp(`^(?:#|ℹ) ${word} (\\d+)$`, "gm"));
  const passed = count("pass");
  const failed = count("fail");
  if (passed === undefined || failed === undefined) return undefined;
  return counted({ passed, failed: failed + (count("cancelled") ?? 0), skipped: count("skipped") ?? 0 });
};

const mocha: Reader = (text) => {
  const passed = sum(text, /^\s*(\d+) passing\b/gm);
  if (passed === undefined) return undefined;
  return counted({
    passed,
    failed: sum(text, /^\s*(\d+) failing\b/gm) ?? 0,
    skipped: sum(text, /^\s*(\d+) pending\b/gm) ?? 0,
  });
};

/** Go counts packages unless it is asked for each test. */
const go: Reader = (text) => {
  const passed = lines(text, /^ok\s+\S+\s+(\(cached\)|[\d.]+s)/gm).length;
  const failed = lines(text, /^FAIL\s+\S+\s+(\[|[\d.]+s)/gm).length;
  if (passed + failed === 0) return undefined;
  const packages = (count: number): string => `${count} package${count === 1 ? "" : "s"}`;
  return [
    ...(passed > 0 ? [`${packages(passed)} passed`] : []),
    ...(failed > 0 ? [`${packages(failed)} failed`] : []),
  ].join(", ");
};

const maven: Reader = (text) => {
  const line = lines(text, /Tests run: \d+, Failures: \d+, Errors: \d+, Skipped: \d+/g).at(-1);
  if (line === undefined) return undefined;
  const [run = 0, failures = 0, errors = 0, skipped = 0] = [...line.matchAll(/\d+/g)].map(Number);
  return counted({ passed: run - failures - errors - skipped, failed: failures + errors, skipped });
};

const TEST_READERS: readonly Reader[] = [vitestOrJest, cargo, pytest, nodeTest, maven, mocha, go];

function problems(errors: number, warnings = 0): string {
  const word = (count: number, name: string): string => `${count} ${name}${count === 1 ? "" : "s"}`;
  return warnings > 0 ? `${word(errors, "error")}, ${word(warnings, "warning")}` : word(errors, "error");
}

const tsc: Reader = (text) => {
  const found = lines(text, /\berror TS\d+: /g).length;
  return found > 0 ? problems(found) : undefined;
};

const eslint: Reader = (text) => {
  const match = /(\d+) problems? \((\d+) errors?, (\d+) warnings?\)/.exec(text);
  return match ? problems(Number(match[2]), Number(match[3])) : undefined;
};

const biome: Reader = (text) => {
  const errors = sum(text, /^Found (\d+) errors?\.$/gm);
  const warnings = sum(text, /^Found (\d+) warnings?\.$/gm);
  if (errors !== undefined || warnings !== undefined) return problems(errors ?? 0, warnings ?? 0);
  return /^Checked \d+ files? in /m.test(text) ? problems(0) : undefined;
};

/** mypy `Found 3 errors in 2 files`, ruff `Found 3 errors.`; and what both say when all is well. */
const pythonTools: Reader = (text) => {
  const errors = sum(text, /^Found (\d+) errors?\b/gm);
  if (errors !== undefined) return problems(errors);
  return /^(Success: no issues found|All checks passed!)/m.test(text) ? problems(0) : undefined;
};

const rustc: Reader = (text) => {
  const errors = lines(text, /^error(\[E\d+\])?: (?!could not compile|aborting due)/gm).length;
  return errors > 0 ? problems(errors) : undefined;
};

const PROBLEM_READERS: readonly Reader[] = [tsc, eslint, biome, pythonTools, rustc];
