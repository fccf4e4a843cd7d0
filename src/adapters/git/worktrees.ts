import { lstat, mkdir, realpath, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Merge, TreePlace, Worktrees } from "../../ports/worktrees.ts";
import { OURS } from "./commit.ts";
import { createGitRunner, GitError, type GitRunner, splitNul } from "./gitCommand.ts";
import { findRoot, repositoryPaths } from "./repositoryPaths.ts";
import { snapshotTree } from "./snapshot.ts";
import { composeTree, OWN_DIRECTORY, rawChanges, readText, treePaths } from "./trees.ts";
import { worktreeObstacle } from "./worktreeObstacle.ts";

/** Lines git writes around the two versions of a conflict. */
const MARKS = [/^<{7}( |$)/mu, /^>{7}( |$)/mu];
/** Directories that were renamed take no new files with them; files are looked after by `followedRenames`. */
const NO_RENAMES = ["merge.renames=false", "merge.directoryRenames=false"];

/** @param dir an existing directory anywhere in the project's main tree. */
export function createWorktrees(dir: string): Worktrees {
  let opened: Promise<{ git: GitRunner; root: string }> | undefined;
  const open = (): Promise<{ git: GitRunner; root: string }> => {
    opened ??= findRoot(createGitRunner(dir)).then((root) => {
      if (root === undefined) throw new GitError(`${dir} is not in a git repository.`, "", "Run `git init` there.");
      return { git: createGitRunner(root), root };
    });
    return opened;
  };
  const main = async (): Promise<GitRunner> => (await open()).git;

  return {
    obstacle: async (root, tree, count) => worktreeObstacle(await main(), root, tree, count),
    commit: async (tree, parents, message) => ourCommit(await main(), tree, parents, message),
    record: async (ref, commit) => {
      await (await main())(["update-ref", ref, commit]);
    },
    contains: async (commit, ancestor) => isAncestor(await main(), ancestor, commit),
    merge: async (ours, theirs, message) => mergeCommits(await main(), ours, theirs, message),
    marked: async (tree, paths) => {
      const texts = await readText(await main(), tree, paths);
      return new Map([...texts].filter(([, text]) => MARKS.every((mark) => mark.test(text))));
    },
    open: async (place, start) => {
      const git = await main();
      if (await isWorktree(git, place)) {
        const inside = createGitRunner(place.dir);
        await inside(["update-ref", `refs/heads/${place.branch}`, start]);
        await inside(["symbolic-ref", "HEAD", `refs/heads/${place.branch}`]);
        await inside(["reset", "--hard", "--quiet", start]);
        return;
      }
      await add(git, place, ["-B", place.branch, place.dir, start]);
    },
    isOpen: async (place) => isWorktree(await main(), place),
    reopen: async (place) => {
      const git = await main();
      if (await isWorktree(git, place)) return true;
      if ((await tip(git, place.branch)) === undefined) return false;
      await add(git, place, [place.dir, place.branch]);
      return true;
    },
    save: async (place, inside, message) => {
      const git = createGitRunner(place.dir);
      const paths = await repositoryPaths(git, await realpath(place.dir));
      const head = await tip(git, place.branch);
      if (head === undefined)
        throw new GitError(`The branch ${place.branch} is gone.`, "", `The files are still in ${place.dir}.`);
      const present = await snapshotTree(git, paths);
      const base = (await git(["rev-parse", `${head}^{tree}`])).stdout.trim();
      const changed = (await rawChanges(git, base, present)).map(({ name }) => name.normalize("NFC")).filter(inside);
      if (changed.length === 0) return head;
      const tree = await composeTree(git, base, present, changed);
      const commit = await ourCommit(git, tree, [head], message);
      await git(["update-ref", "-m", "aegis: saved", `refs/heads/${place.branch}`, commit, head]);
      await git(["read-tree", "--reset", tree]);
      return commit;
    },
    ignored: async (place, inside) => {
      const flags = ["--others", "--ignored", "--exclude-standard"];
      const listed = splitNul((await createGitRunner(place.dir)(["ls-files", "-z", ...flags])).stdout);
      const found: string[] = [];
      for (const path of listed.filter(inside)) {
        const info = await lstat(join(place.dir, path)).catch(() => undefined);
        if (info && !info.isDirectory() && info.size > 0) found.push(path);
      }
      return found;
    },
    close: async (place, branchToo) => {
      const git = await main();
      if (await isWorktree(git, place)) await git(["worktree", "remove", "--force", "--force", place.dir]);
      await git(["worktree", "prune"]);
      // Mount points of other users' making may be left; an empty rest is nobody's.
      await rm(place.dir, { recursive: true, force: true });
      const head = branchToo ? await tip(git, place.branch) : undefined;
      if (head !== undefined) await git(["update-ref", "-d", `refs/heads/${place.branch}`, head]);
    },
    ignoredEntries: async () => {
      const { git, root } = await open();
      const flags = ["--others", "--ignored", "--exclude-standard", "--directory"];
      const entries: { path: string; isDirectory: boolean }[] = [];
      for (const name of splitNul((await git(["ls-files", "-z", ...flags])).stdout)) {
        const path = name.replace(/\/$/, "");
        if (path === OWN_DIRECTORY || path.startsWith(`${OWN_DIRECTORY}/`)) continue;
        // A link to a directory (a hoisted node_modules) is shown as what it leads to.
        const info = await stat(join(root, path)).catch(() => undefined);
        if (info?.isDirectory() || info?.isFile()) entries.push({ path, isDirectory: info.isDirectory() });
      }
      return entries;
    },
  };
}

async function add(git: GitRunner, place: TreePlace, args: readonly string[]): Promise<void> {
  // Forgets a registration whose directory is gone; one that exists is never touched by it.
  await git(["worktree", "prune"]);
  await rm(place.dir, { recursive: true, force: true });
  await mkdir(dirname(place.dir), { recursive: true });
  await git(["worktree", "add", "--quiet", "--force", ...args]);
}

async function isWorktree(git: GitRunner, place: TreePlace): Promise<boolean> {
  const dir = await realpath(place.dir).catch(() => undefined);
  if (dir === undefined) return false;
  const listed = (await git(["worktree", "list", "--porcelain"])).stdout.split("\n");
  return listed.includes(`worktree ${dir}`) && (await findRoot(createGitRunner(dir))) === dir;
}

async function ourCommit(git: GitRunner, tree: string, parents: readonly string[], message: string): Promise<string> {
  const args = ["commit-tree", tree, ...parents.flatMap((parent) => ["-p", parent]), "-F", "-"];
  return (await git(args, { env: OURS, stdin: `${message.trimEnd()}\n` })).stdout.trim();
}

async function tip(git: GitRunner, branch: string): Promise<string | undefined> {
  const { stdout } = await git(["rev-parse", "--verify", "--quiet", `refs/heads/${branch}^{commit}`], { accept: [1] });
  return stdout.trim() === "" ? undefined : stdout.trim();
}

async function isAncestor(git: GitRunner, ancestor: string, commit: string): Promise<boolean> {
  return (await git(["merge-base", "--is-ancestor", ancestor, commit], { accept: [1] })).exitCode === 0;
}

async function mergeCommits(git: GitRunner, ours: string, theirs: string, message: string): Promise<Merge> {
  if (await isAncestor(git, theirs, ours)) return { clean: true, commit: ours };
  const args = ["merge-tree", "--write-tree", "--allow-unrelated-histories", "--name-only", "--no-messages", "-z"];
  const { stdout, exitCode } = await git([...args, ours, theirs], { accept: [1], config: NO_RENAMES });
  const [tree = "", ...names] = splitNul(stdout);
  if (exitCode === 0) {
    const moved = await followedRenames(git, ours, theirs, tree);
    return moved ?? { clean: true, commit: await ourCommit(git, tree, [ours, theirs], message) };
  }
  const known = new Set([...(await treePaths(git, ours)), ...(await treePaths(git, theirs))]);
  const paths = [...new Set(names.map((name) => name.normalize("NFC")))].filter((path) => known.has(path));
  return { clean: false, tree, paths: paths.sort() };
}

/**
 * A merge that carried a change over to a file's new name, as a conflict at its old one: the new name may lie outside the
 * Worker's scope. git before 2.50 follows renames in `merge-tree` whatever its configuration says.
 * @param merged the tree of the clean merge
 * @returns undefined where the merge changed nothing but what `theirs` changed
 */
async function followedRenames(
  git: GitRunner,
  ours: string,
  theirs: string,
  merged: string,
): Promise<Merge | undefined> {
  const { stdout } = await git(["merge-base", ours, theirs], { accept: [1] });
  const base = stdout.split("\n")[0] ?? "";
  const changedBy = async (from: string, to: string) => (await rawChanges(git, from, to)).map(({ name }) => name);
  const theirChanges = base === "" ? await treePaths(git, theirs) : await changedBy(base, theirs);
  const own = new Set(theirChanges.map((name) => name.normalize("NFC")));
  const carried = (await changedBy(ours, merged)).filter((name) => !own.has(name.normalize("NFC")));
  if (carried.length === 0) return undefined;
  const [inOurs, inTheirs] = [new Set(await treePaths(git, ours)), new Set(await treePaths(git, theirs))];
  const inBase = new Set(base === "" ? [] : await treePaths(git, base));
  const lost = [...own].filter((path) => inTheirs.has(path) && inBase.has(path) && !inOurs.has(path));
  const kept = await composeTree(git, merged, `${ours}^{tree}`, carried);
  return { clean: false, tree: await composeTree(git, kept, `${theirs}^{tree}`, lost), paths: lost.sort() };
}
