import { z } from "zod";

export const QA_KINDS = ["typecheck", "lint", "test", "build", "e2e", "custom"] as const;
export type QaKind = (typeof QA_KINDS)[number];

/** One command that decides whether the project is in order. */
export interface QaCheck {
  /** Its name in reports and in `only`: unique in a list of checks. */
  check: string;
  kind: QaKind;
  /** For `bash -c`; made of fixed words of ours or written by the person, never of a model's. */
  command: string;
  timeoutMs: number;
  /** Where it was found, for a person: `package.json scripts.test`. */
  source: string;
}

/** What discovery sees of a project. */
export interface QaProject {
  /** Text of files in the root directory, by name (those of ROOT_FILES in discoverQa.ts that exist). */
  files: ReadonlyMap<string, string>;
  /** Every path of the tree. */
  paths: readonly string[];
}

/** What came of a check. */
export const qaRow = z.object({
  check: z.string(),
  kind: z.enum(QA_KINDS),
  command: z.string(),
  passed: z.boolean(),
  /** "48 passed", "3 errors", "exit code 2", "stopped after 900 s". */
  detail: z.string(),
  durationMs: z.number(),
  /** Failed once, passed when run again. */
  flaky: z.boolean(),
  /** The end of what it printed. */
  output: z.string(),
});
export type QaRow = z.infer<typeof qaRow>;

const MINUTE_MS = 60_000;

/** Limits that a healthy project stays far below; `timeout_s` of `workflow.qa` sets others. */
export const DEFAULT_TIMEOUT_MS: Record<QaKind, number> = {
  typecheck: 5 * MINUTE_MS,
  lint: 5 * MINUTE_MS,
  test: 15 * MINUTE_MS,
  build: 10 * MINUTE_MS,
  e2e: 30 * MINUTE_MS,
  custom: 15 * MINUTE_MS,
};

/** The kind a check's name tells. */
export function kindOf(check: string): QaKind {
  if (/e2e|end-to-end|playwright|cypress/i.test(check)) return "e2e";
  if (/type|tsc|mypy|pyright|vet/i.test(check)) return "typecheck";
  if (/lint|format|style|biome|ruff|clippy/i.test(check)) return "lint";
  if (/test|spec|pytest|vitest|jest/i.test(check)) return "test";
  if (/build|compile|bundle/i.test(check)) return "build";
  return "custom";
}
