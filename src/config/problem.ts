/** What kind of thing is wrong; a shell may word it in the person's language by this. */
type ProblemCode = "unreadable" | "syntax" | "duplicate" | "unknown-key" | "bad-value" | "weakening" | "unused";

/** One finding about the configuration, with the place a person has to look at. */
export interface Problem {
  code: ProblemCode;
  /** File path, `plugin options`, an environment variable's name, or `flags`. */
  source: string;
  /** Dotted key path; "" for the whole. */
  path: string;
  /** 1-based; absent where there is no text. */
  line?: number;
  column?: number;
  /** What is wrong, in English, without place and suggestion. */
  detail: string;
  /** What was probably meant: a key path or a value. */
  suggestion?: string;
}

/** Line and column, both 1-based, of an offset in a text; CRLF, CR and LF end a line. */
export function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const lines = before.split(/\r\n|\r|\n/);
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}

/** `file:line:column: key: what is wrong (did you mean …?)`, one line. */
export function renderProblem(problem: Problem): string {
  const place = problem.line === undefined ? "" : `:${problem.line}:${problem.column ?? 1}`;
  const key = problem.path === "" ? "" : `${problem.path}: `;
  const hint = problem.suggestion === undefined ? "" : ` (did you mean ${problem.suggestion}?)`;
  return `${problem.source}${place}: ${key}${problem.detail}${hint}`;
}
