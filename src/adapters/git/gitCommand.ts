import { messageOf } from "../../ports/thrown.ts";
import { spawnGit } from "./spawnGit.ts";

/** A git command that failed: what was run, what git said, and what to do next. */
export class GitError extends Error {
  readonly exitCode: number | undefined;
  readonly detail: string;
  readonly next: string;

  constructor(what: string, detail: string, next: string, exitCode?: number) {
    super([what, detail.trim(), next].filter((part) => part !== "").join("\n"));
    this.name = "GitError";
    this.exitCode = exitCode;
    this.detail = detail;
    this.next = next;
  }
}

interface GitCommandOptions {
  /** Environment over the adapter's own, for instance GIT_INDEX_FILE. */
  env?: Record<string, string>;
  stdin?: string;
  /** Exit codes that are an answer and not a failure. */
  accept?: readonly number[];
  /** Let the person's hook setting show. Everywhere else hooks are off: git would run them outside the sandbox. */
  ownHooksPath?: boolean;
  /** Extra `-c` settings, `name=value`. */
  config?: readonly string[];
  /** Kill git after so many milliseconds without output, where {@link SILENT_MS} is too long. */
  silentMs?: number;
}

interface GitOutput {
  stdout: string;
  exitCode: number;
}

/** Longer than any command of ours works without a word, a large checkout among them (ms). */
const SILENT_MS = 600_000;

/** Runs one git command in a fixed directory. */
export type GitRunner = (args: readonly string[], options?: GitCommandOptions) => Promise<GitOutput>;

/** Variables a calling git (a hook, an alias) leaves behind would aim our commands at another repository or index. */
const KEPT_GIT_VARIABLES = new Set([
  "GIT_AUTHOR_NAME",
  "GIT_AUTHOR_EMAIL",
  "GIT_AUTHOR_DATE",
  "GIT_COMMITTER_NAME",
  "GIT_COMMITTER_EMAIL",
  "GIT_COMMITTER_DATE",
  "GIT_CONFIG_GLOBAL",
  "GIT_CONFIG_SYSTEM",
  "GIT_CONFIG_NOSYSTEM",
  "GIT_CEILING_DIRECTORIES",
]);

/** None of our commands opens an editor or a pager, or asks a person by a program of theirs. */
const INTERACTIVE_VARIABLES = new Set(["EDITOR", "VISUAL", "PAGER", "PREFIX", "SSH_ASKPASS"]);

const OWN_VARIABLES: Record<string, string> = { GIT_TERMINAL_PROMPT: "0", GIT_OPTIONAL_LOCKS: "0", LC_ALL: "C" };

/** `fsmonitor` answers from a daemon's memory: evidence must come from the files. `safecrlf` would turn a warning into a failure. */
export const OWN_CONFIG = [
  "core.fsmonitor=false",
  "core.safecrlf=false",
  "core.quotePath=false",
  "advice.addEmbeddedRepo=false",
  "i18n.commitEncoding=UTF-8",
];

/** The environment of every git command of ours. */
export function gitEnvironment(base: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(base)) {
    if (value === undefined || INTERACTIVE_VARIABLES.has(name.toUpperCase())) continue;
    if (name.toUpperCase().startsWith("GIT_") && !KEPT_GIT_VARIABLES.has(name)) continue;
    env[name] = value;
  }
  return { ...env, ...OWN_VARIABLES };
}

const WAITS_FOR =
  "Look for whom it waited: a program that signs, a .gitignore or .gitattributes that is a pipe and no file, a file system that hangs.";

function nextStep(stderr: string): string {
  if (/dubious ownership/.test(stderr))
    return "The repository belongs to another user: run `git config --global --add safe.directory <path>` for it, or start as its owner.";
  if (/index\.lock|\.lock': File exists/.test(stderr))
    return "Another git process holds the lock: wait for it; if none runs, remove the lock file.";
  if (/No space left/.test(stderr)) return "The disk is full: free some space and try again.";
  return "";
}

/**
 * Makes a runner for git commands in `dir`.
 * @param environment the process environment to start from; unrelated GIT_ variables of it are dropped.
 * @returns a function that gives stdout as text and throws GitError for an exit code it was not told to accept.
 */
export function createGitRunner(
  dir: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): GitRunner {
  const base = gitEnvironment(environment);
  return async (args, options = {}) => {
    const config = [
      ...OWN_CONFIG,
      ...(options.ownHooksPath ? [] : ["core.hooksPath=/dev/null"]),
      ...(options.config ?? []),
    ];
    const failed = (detail: string, exitCode?: number) =>
      new GitError(`git ${args[0] ?? ""} failed in ${dir}.`, detail, nextStep(detail), exitCode);
    const { stdin, silentMs = SILENT_MS, env, accept = [] } = options;
    const ran = await spawnGit([...config.flatMap((setting) => ["-c", setting]), ...args], {
      cwd: dir,
      env: { ...base, ...env },
      silentMs,
      ...(stdin === undefined ? {} : { stdin }),
    }).catch((error: unknown) => {
      throw failed(messageOf(error));
    });
    const { exitCode, stdout, stderr } = ran;
    if (exitCode === 0 || (exitCode !== null && accept.includes(exitCode))) return { stdout, exitCode };
    if (ran.silent) {
      const what = `git ${args[0] ?? ""} said nothing for ${silentMs / 1000} s in ${dir} and was ended.`;
      throw new GitError(what, "", WAITS_FOR);
    }
    throw failed(stderr.trim() === "" ? "It gave no message." : stderr, exitCode ?? undefined);
  };
}

/** Splits a NUL-terminated list. */
export function splitNul(text: string): string[] {
  const parts = text.split("\0");
  if (parts.at(-1) === "") parts.pop();
  return parts;
}
