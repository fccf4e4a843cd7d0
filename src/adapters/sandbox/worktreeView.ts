import { lstat, mkdir, realpath, writeFile } from "node:fs/promises";
import path from "node:path";
import type { SandboxSpec } from "../../ports/sandbox.ts";
import { hasCode } from "../../ports/thrown.ts";
import type { RepositoryPaths } from "./protectedDirs.ts";

/** Where a worktree's git data is shown: the project's `.git` is a directory, a worktree's is a file. */
const GIT_INSIDE = "/run/aegis/git";
/** Each bind costs bwrap more than the last (see `writable.ts`); a project seldom has more ignored entries that matter. */
const MAX_SHOWN = 100;
/** Left by every run of an interpreter, in every directory, and needed by none. */
const NOT_SHOWN = new Set(["__pycache__", ".DS_Store"]);

/**
 * Shows a Worker's own tree in the project's place, so that every path a model or a tool's cache names means the same to
 * all of them. Other Workers' trees and the project's files are not there; what the project ignores is, read-only.
 *
 * @param treeDir the worktree, @param projectDir where it is shown; both absolute, links resolved
 */
export async function worktreeView(
  treeDir: string,
  projectDir: string,
  repository: RepositoryPaths,
  gitFile: string,
): Promise<string[]> {
  const [gitDir, commonDir] = repository.gitDirs;
  const args = ["--ro-bind", treeDir, projectDir];
  if (gitDir === undefined || commonDir === undefined) return args;
  await writeFile(gitFile, `gitdir: ${path.posix.join(GIT_INSIDE, path.relative(commonDir, gitDir))}\n`);
  return [...args, "--ro-bind", commonDir, GIT_INSIDE, "--ro-bind", gitFile, path.join(projectDir, ".git")];
}

/**
 * Binds of what the project ignores (dependencies, local settings) into the view. A mount needs something to lie on:
 * empty files and directories are made in the worktree, which ignores them like the project does.
 */
export async function shownArgs(
  treeDir: string,
  projectDir: string,
  shown: NonNullable<SandboxSpec["worktree"]>["shown"],
): Promise<string[]> {
  const args: string[] = [];
  const wanted = shown.filter(({ path: name }) => !NOT_SHOWN.has(path.posix.basename(name))).slice(0, MAX_SHOWN);
  for (const { path: name, isDirectory } of wanted) {
    if (!(await makeMountPoint(treeDir, name, isDirectory))) continue;
    const source = await realpath(path.join(projectDir, name)).catch(() => undefined);
    if (source !== undefined) args.push("--ro-bind-try", source, path.join(projectDir, name));
  }
  return args;
}

/** False where something else stands there, or a link on the way would lead out of the worktree. */
async function makeMountPoint(treeDir: string, name: string, isDirectory: boolean): Promise<boolean> {
  let at = treeDir;
  const segments = name.split("/");
  for (const [index, segment] of segments.entries()) {
    at = path.join(at, segment);
    const info = await lstat(at).catch(() => undefined);
    const wantsFile = index === segments.length - 1 && !isDirectory;
    if (info !== undefined && !(wantsFile ? info.isFile() : info.isDirectory())) return false;
    if (info !== undefined) continue;
    // Another call of the same session may be making it.
    const making = wantsFile ? writeFile(at, "", { flag: "wx" }) : mkdir(at);
    await making.catch((error: unknown) => {
      if (!hasCode(error, "EEXIST")) throw error;
    });
  }
  return true;
}
