import { homedir } from "node:os";
import { readTextFile } from "../../adapters/readTextFile.ts";
import type { Problem } from "../../config/problem.ts";
import { type ReadConfigResult, readConfig } from "../../config/read.ts";
import { CliFailure } from "../failure.ts";
import { type Io, paint } from "../io.ts";
import { type MessageKey, say } from "../messages/catalogue.ts";
import { findProjectRoot } from "../projectRoot.ts";

/** The person's home directory; need not exist. An empty HOME counts as unset. */
export function homeOf(io: Pick<Io, "env">): string {
  return io.env.HOME || homedir();
}

/** The configuration as it counts in the working directory (plugin options are OpenCode's to hand over, so not here). */
export async function loadConfig(io: Io): Promise<ReadConfigResult> {
  const root = await findProjectRoot(io.cwd);
  return readConfig({ projectDir: root ?? io.cwd, env: io.env, home: homeOf(io), readFile: readTextFile });
}

/**
 * The configuration as it counts, for a command that needs a sound one; its warnings go to stderr.
 * @throws CliFailure where it cannot be used, with every finding on a line of its own
 */
export async function soundConfig(io: Io): Promise<Extract<ReadConfigResult, { ok: true }>> {
  const result = await loadConfig(io);
  if (!result.ok) {
    const lines = result.problems.map((problem) => wordProblem(io, problem));
    throw new CliFailure(`${say(io.lang, "config.invalid", { count: lines.length })}\n  ${lines.join("\n  ")}`, {
      next: say(io.lang, "config.invalid.next"),
      data: { problems: result.problems },
    });
  }
  for (const warning of result.warnings)
    io.stderr.write(`${paint(io, "yellow", say(io.lang, "warning"))} ${wordProblem(io, warning)}\n`);
  return result;
}

const worded: Record<Problem["code"], MessageKey> = {
  unreadable: "problem.unreadable",
  syntax: "problem.syntax",
  duplicate: "problem.duplicate",
  "unknown-key": "problem.unknownKey",
  "bad-value": "problem.badValue",
  weakening: "problem.weakening",
  unused: "problem.unused",
};

/** One finding on one line, in the person's language. */
export function wordProblem(io: Io, problem: Problem): string {
  const place = problem.line === undefined ? "" : `:${problem.line}:${problem.column ?? 1}`;
  const key = problem.path === "" ? "" : `${problem.path}: `;
  const text = say(io.lang, worded[problem.code], { detail: problem.detail });
  const hint =
    problem.suggestion === undefined
      ? ""
      : ` ${say(io.lang, "problem.suggestion", { suggestion: problem.suggestion })}`;
  return `${problem.source}${place}: ${key}${text}${hint}`;
}
