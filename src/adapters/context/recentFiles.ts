import { statSync } from "node:fs";
import { join } from "node:path";
import { execaSync } from "execa";
import { gitEnvironment, OWN_CONFIG, splitNul } from "../git/gitCommand.ts";

/** Commits that are looked through for files, and the longest a git command may take (ms): somebody waits for it. */
const COMMITS = 30;
const GIT_MS = 10_000;

/**
 * Files that changed most recently, newest first, relative to the project: what is not committed by the time of the files,
 * then those of the last commits. None where there is no repository.
 */
export function recentFiles(projectDir: string, most: number): string[] {
  if (most <= 0) return [];
  const status = git(projectDir, ["status", "--porcelain", "-z", "--no-renames", "--untracked-files=all"]);
  const changed = splitNul(status)
    .map((row) => row.slice(3))
    .filter((path) => !path.startsWith(".aegis/"))
    .map((path) => ({ path, at: statSync(join(projectDir, path), { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.at - a.at)
    .map(({ path }) => path);
  const files = new Set(changed);
  if (files.size < most) {
    const log = git(projectDir, ["log", "-z", `-n${COMMITS}`, "--name-only", "--no-renames", "--pretty=format:"]);
    for (const path of splitNul(log)) if (path.trim() !== "") files.add(path.replace(/^\n+/, ""));
  }
  return [...files].slice(0, most);
}

/** Nothing where git fails: no repository, no commit, no git. */
function git(dir: string, args: readonly string[]): string {
  const settings = [...OWN_CONFIG, "core.hooksPath=/dev/null"].flatMap((setting) => ["-c", setting]);
  const { stdout, failed } = execaSync("git", [...settings, ...args], {
    cwd: dir,
    env: gitEnvironment(process.env),
    extendEnv: false,
    timeout: GIT_MS,
    reject: false,
    stripFinalNewline: false,
  });
  return failed ? "" : stdout;
}
