import { type GitRunner, splitNul } from "./gitCommand.ts";
import { keptBack } from "./keptBack.ts";
import { refuseOwnPrograms } from "./ownPrograms.ts";
import type { RepositoryPaths } from "./repositoryPaths.ts";
import { withTemporaryIndex } from "./temporaryIndex.ts";
import { OWN_DIRECTORY } from "./trees.ts";

/**
 * Writes tracked plus unignored files as a tree object, through a copy of the person's index.
 *
 * An untracked repository inside the project is left out: git could only record it as a link to a commit, which says
 * nothing about its files (a scaffolding tool's `git init` makes one).
 * So are a person's secrets and what the committed ignore rules hold back (`keptBack`).
 * @param git a runner in the worktree root.
 * @param paths the worktree's root and the person's index; absolute, read, never written.
 * @throws GitError where git would run a program that a role may have written
 */
export async function snapshotTree(
  git: GitRunner,
  { root, indexFile }: Pick<RepositoryPaths, "root" | "indexFile">,
): Promise<string> {
  await refuseOwnPrograms(git, root);
  return withTemporaryIndex(indexFile, async (file) => {
    const env = { GIT_INDEX_FILE: file };
    const untracked = splitNul((await git(["ls-files", "-z", "--others", "--exclude-standard"], { env })).stdout);
    const nested = untracked.filter((path) => path.endsWith("/")).map((path) => path.slice(0, -1));
    // Naming an ignored path, even to leave it out, makes `git add` fail; an ignored `.aegis` stays out by itself.
    const own = untracked.some((path) => path.startsWith(`${OWN_DIRECTORY}/`)) ? [OWN_DIRECTORY] : [];
    const excluded = [...own, ...nested, ...(await keptBack(git, untracked))].map(
      (path) => `:(top,exclude,literal)${path}`,
    );
    const pathspecs = [":(top)", ...excluded].map((spec) => `${spec}\0`).join("");
    await git(["add", "--all", "--pathspec-from-file=-", "--pathspec-file-nul"], { env, stdin: pathspecs });
    await git(["rm", "-r", "-q", "-f", "--cached", "--ignore-unmatch", "--", `:(top,literal)${OWN_DIRECTORY}`], {
      env,
    });
    return (await git(["write-tree"], { env })).stdout.trim();
  });
}
