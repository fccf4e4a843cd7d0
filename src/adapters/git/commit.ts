import { access, copyFile } from "node:fs/promises";
import { join } from "node:path";
import type { CommitRequest } from "../../ports/git.ts";
import { GitError, type GitRunner, splitNul } from "./gitCommand.ts";
import { endInterrupted, lockIndex } from "./indexLock.ts";
import type { RepositoryPaths } from "./repositoryPaths.ts";
import { copyIndex, withTemporaryIndex } from "./temporaryIndex.ts";
import { indexInfo, rawChanges, type TreeEntryChange } from "./trees.ts";

const FALLBACK = { name: "aegis", email: "aegis@localhost" };
/** A signing program may wait for a passphrase nobody will type. */
const SIGNING_MS = 60_000;

/** Makes this product the author and committer: for commits of ours, which are not the person's. */
export const OURS: Record<string, string> = {
  GIT_AUTHOR_NAME: FALLBACK.name,
  GIT_AUTHOR_EMAIL: FALLBACK.email,
  GIT_COMMITTER_NAME: FALLBACK.name,
  GIT_COMMITTER_EMAIL: FALLBACK.email,
};

/** Files and directories in the git directory that say that git is in the middle of something. */
const UNDER_WAY: readonly (readonly [string, string])[] = [
  ["MERGE_HEAD", "merge"],
  ["CHERRY_PICK_HEAD", "cherry-pick"],
  ["REVERT_HEAD", "revert"],
  ["rebase-merge", "rebase"],
  ["rebase-apply", "rebase"],
];

/** HEAD's commit id, "" while the branch is unborn. */
export async function headCommit(git: GitRunner): Promise<string> {
  const { stdout } = await git(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], { accept: [1] });
  return stdout.trim();
}

/** Variables that give a commit an author where the person's configuration names none; `useConfigOnly` keeps git from guessing root@host. */
async function identity(git: GitRunner): Promise<Record<string, string>> {
  const env: Record<string, string> = {};
  for (const role of ["AUTHOR", "COMMITTER"]) {
    const { exitCode } = await git(["var", `GIT_${role}_IDENT`], {
      accept: [128],
      config: ["user.useConfigOnly=true"],
    });
    if (exitCode === 0) continue;
    env[`GIT_${role}_NAME`] = FALLBACK.name;
    env[`GIT_${role}_EMAIL`] = FALLBACK.email;
  }
  return env;
}

/** Makes a commit object of `tree` on `parent` ("" = none); moves nothing. */
export async function commitObject(
  git: GitRunner,
  tree: string,
  parent: string,
  message: string,
  sign: boolean,
): Promise<string> {
  const args = ["commit-tree", tree, ...(parent === "" ? [] : ["-p", parent]), ...(sign ? ["-S"] : []), "-F", "-"];
  const env = await identity(git);
  const stdin = `${message.trimEnd()}\n`;
  return (await git(args, { env, stdin, ...(sign ? { silentMs: SIGNING_MS } : {}) })).stdout.trim();
}

async function refuseUnderWay(gitDir: string): Promise<void> {
  for (const [file, name] of UNDER_WAY) {
    const there = await access(join(gitDir, file)).then(
      () => true,
      () => false,
    );
    if (there)
      throw new GitError(
        `A ${name} is under way in this repository; nothing was committed.`,
        "",
        `Finish it or run \`git ${name} --abort\`, then commit again.`,
      );
  }
}

/** Changes to put into the person's index: only paths whose entry is still the old commit's, so nothing staged is lost. */
async function unstagedByPerson(
  git: GitRunner,
  env: Record<string, string>,
  changes: readonly TreeEntryChange[],
): Promise<TreeEntryChange[]> {
  const entries = new Map<string, string>();
  for (const line of splitNul((await git(["ls-files", "-z", "--stage"], { env })).stdout)) {
    const tab = line.indexOf("\t");
    const [mode, oid, stage] = line.slice(0, tab).split(" ");
    entries.set(line.slice(tab + 1), stage === "0" ? `${mode} ${oid}` : "unmerged");
  }
  return changes.filter((change) => {
    const before = change.kind === "added" ? undefined : `${change.oldMode} ${change.oldOid}`;
    return entries.get(change.name) === before;
  });
}

/**
 * Commits a tree on the checked-out branch and moves the person's index along for the committed paths.
 * The new index is ready and git's lock held before the branch moves: a failure leaves both as they were.
 */
export async function commitTree(
  git: GitRunner,
  paths: RepositoryPaths,
  oldTree: string,
  request: CommitRequest,
): Promise<{ commit: string }> {
  if (request.message.trim() === "")
    throw new GitError("A commit needs a message; nothing was committed.", "", "Give one line that says what changed.");
  await refuseUnderWay(paths.gitDir);
  const moved = (head: string): GitError =>
    new GitError(
      "HEAD moved since the tree was tested; nothing was committed.",
      `expected ${request.expectedHead || "no commit"}, found ${head || "no commit"}`,
      "Run QA on the present state, then commit again.",
    );
  const head = await headCommit(git);
  if (head !== request.expectedHead) throw moved(head);
  await endInterrupted(paths.indexFile, head);

  const { stdout: signing } = await git(["config", "--type=bool", "--get", "commit.gpgSign"], { accept: [1] });
  const commit = await commitObject(git, request.tree, head, request.message, signing.trim() === "true");
  const changes = await rawChanges(git, oldTree, request.tree);

  await withTemporaryIndex(undefined, async (file) => {
    const lock = await lockIndex(paths.indexFile, commit);
    try {
      const env = { GIT_INDEX_FILE: file };
      await copyIndex(paths.indexFile, file);
      const mine = await unstagedByPerson(git, env, changes);
      if (mine.length > 0) {
        await git(["update-index", "-z", "--index-info"], { env, stdin: indexInfo(mine) });
        await git(["update-index", "-q", "--refresh"], { env, accept: [1] });
        await copyFile(file, lock.file);
      }
      const subject = request.message.trim().split("\n", 1)[0] ?? "";
      try {
        await git(["update-ref", "-m", `commit: ${subject}`, "HEAD", commit, head]);
      } catch (error) {
        const now = await headCommit(git);
        throw now === head ? error : moved(now);
      }
      if (mine.length > 0) await lock.replace();
    } finally {
      await lock.release();
    }
  });
  return { commit };
}
