import type { Git } from "../../ports/git.ts";
import { withCheckout } from "./checkout.ts";
import { commitObject, commitTree, headCommit } from "./commit.ts";
import { Fingerprints } from "./fingerprint.ts";
import { createGitRunner, GitError, type GitRunner, splitNul } from "./gitCommand.ts";
import { projectHooks, protectedDirs, withMessageFile } from "./hooks.ts";
import { endInterrupted } from "./indexLock.ts";
import { keptBack } from "./keptBack.ts";
import { findRoot, type RepositoryPaths, repositoryPaths } from "./repositoryPaths.ts";
import { restorePaths } from "./restore.ts";
import { snapshotTree } from "./snapshot.ts";
import { changedPaths, composeTree, diffText, emptyTree, readText, treePaths } from "./trees.ts";

interface Opened {
  git: GitRunner;
  paths: RepositoryPaths;
  fingerprints: Fingerprints;
}

/**
 * The repository that `dir` is in.
 * @param dir an existing directory, anywhere in the worktree.
 * @returns a Git whose methods throw GitError; all but `root` do so outside a repository.
 */
export function createGit(dir: string): Git {
  const here = createGitRunner(dir);
  let opened: Opened | undefined;

  /** Found once: a worktree does not move under a running process. Not found is not remembered, `git init` may follow. */
  const open = async (): Promise<Opened> => {
    if (opened) return opened;
    const root = await findRoot(here);
    if (root === undefined)
      throw new GitError(
        `${dir} is not in a git repository.`,
        "",
        "Run `git init` there (the swarm needs git for its evidence), then try again.",
      );
    const git = createGitRunner(root);
    const paths = await repositoryPaths(git, root);
    // Another call may have been faster: those that ask together have to meet.
    opened ??= { git, paths, fingerprints: new Fingerprints(git, root) };
    return opened;
  };
  const treeOf = async (commit: string): Promise<string> => {
    const { git } = await open();
    if (commit === "") return emptyTree(git);
    return (await git(["rev-parse", "--verify", "--quiet", "--end-of-options", `${commit}^{tree}`])).stdout.trim();
  };

  return {
    root: async () => opened?.paths.root ?? findRoot(here),
    head: async () => headCommit((await open()).git),
    snapshot: async () => {
      const { git, paths } = await open();
      return snapshotTree(git, paths);
    },
    keptBack: async () => {
      const { git } = await open();
      return keptBack(git, splitNul((await git(["ls-files", "-z", "--others", "--exclude-standard"])).stdout));
    },
    treeOf,
    recordRef: async (ref, tree, message) => {
      const { git } = await open();
      const commit = await commitObject(git, tree, await headCommit(git), message, false);
      await git(["update-ref", ref, commit]);
      return commit;
    },
    changed: async (from, to) => changedPaths((await open()).git, from, to),
    diff: async (from, to, paths, maxBytes) => diffText((await open()).git, from, to, paths, maxBytes),
    composeTree: async (base, from, paths) => composeTree((await open()).git, base, from, paths),
    fingerprint: async (under, inside) => (await open()).fingerprints.of(under, inside),
    tracked: async (names) => {
      const { git } = await open();
      return splitNul((await git(["ls-files", "-z", "--", ...names.map((name) => `:(top,literal)${name}`)])).stdout);
    },
    paths: async (tree) => treePaths((await open()).git, tree),
    readText: async (tree, paths) => readText((await open()).git, tree, paths),
    restore: async (tree, restored) => {
      const { git, paths } = await open();
      return restorePaths(git, paths.root, tree, restored);
    },
    withCheckout: async (tree, use) => {
      const { git, paths } = await open();
      return withCheckout(git, paths, tree, (checkout) => use(checkout, createGit(checkout)));
    },
    commit: async (request) => {
      const { git, paths } = await open();
      return commitTree(git, paths, await treeOf(request.expectedHead), request);
    },
    endInterruptedCommit: async () => {
      const { git, paths } = await open();
      await endInterrupted(paths.indexFile, await headCommit(git));
    },
    hooks: async () => {
      const { git, paths } = await open();
      return projectHooks(git, paths.root);
    },
    withMessageFile,
    protectedDirs: async () => {
      const { git, paths } = await open();
      return protectedDirs(git, paths);
    },
  };
}
