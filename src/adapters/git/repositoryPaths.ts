import { realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { GitError, type GitRunner } from "./gitCommand.ts";

/** Where this worktree keeps its things; all absolute. In a linked worktree `gitDir` and `commonDir` differ. */
export interface RepositoryPaths {
  root: string;
  gitDir: string;
  commonDir: string;
  indexFile: string;
  objectsDir: string;
}

/** The worktree root above the runner's directory, or undefined where there is none (a bare repository has none either). */
export async function findRoot(git: GitRunner): Promise<string | undefined> {
  try {
    const { stdout } = await git(["rev-parse", "--show-toplevel"]);
    return await realpath(stdout.replace(/\n$/, ""));
  } catch (error) {
    if (error instanceof GitError && /not a git repository|must be run in a work tree/.test(error.detail))
      return undefined;
    throw error;
  }
}

/** @param git a runner in the worktree root. */
export async function repositoryPaths(git: GitRunner, root: string): Promise<RepositoryPaths> {
  const ask = async (...args: string[]): Promise<string> =>
    resolve(root, (await git(["rev-parse", ...args])).stdout.replace(/\n$/, ""));
  const [gitDir, commonDir, indexFile, objectsDir] = await Promise.all([
    ask("--absolute-git-dir"),
    ask("--git-common-dir"),
    ask("--git-path", "index"),
    ask("--git-path", "objects"),
  ]);
  return { root, gitDir, commonDir, indexFile, objectsDir };
}
