import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import type { Problem } from "../../config/problem.ts";
import { type ReadConfigResult, readConfig } from "../../config/read.ts";
import type { Io } from "../io.ts";
import { type MessageKey, say } from "../messages/catalogue.ts";
import { findProjectRoot } from "../projectRoot.ts";

/** Text of a file, or undefined where there is none; any other failure is thrown. */
export function readTextFile(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR"))
      return undefined;
    throw error;
  }
}

/** The person's home directory; need not exist. An empty HOME counts as unset. */
export function homeOf(io: Pick<Io, "env">): string {
  return io.env.HOME || homedir();
}

/** The configuration as it counts in the working directory (plugin options are OpenCode's to hand over, so not here). */
export async function loadConfig(io: Io): Promise<ReadConfigResult> {
  const root = await findProjectRoot(io.cwd);
  return readConfig({ projectDir: root ?? io.cwd, env: io.env, home: homeOf(io), readFile: readTextFile });
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
