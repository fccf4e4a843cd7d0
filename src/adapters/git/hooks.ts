import { access, constants, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { ProjectHook } from "../../ports/git.ts";
import type { GitRunner } from "./gitCommand.ts";
import type { RepositoryPaths } from "./repositoryPaths.ts";

/** The hooks of a commit, in git's order. Those after the commit cannot refuse it and are left to the person's own commits. */
const COMMIT_HOOKS = ["pre-commit", "commit-msg"] as const;

/** Where git looks for hooks: `core.hooksPath` or the common directory's `hooks`. */
async function hooksDir(git: GitRunner, root: string): Promise<string> {
  const { stdout } = await git(["rev-parse", "--git-path", "hooks"], { ownHooksPath: true });
  return resolve(root, stdout.replace(/\n$/, ""));
}

export async function projectHooks(git: GitRunner, root: string): Promise<ProjectHook[]> {
  const dir = await hooksDir(git, root);
  const hooks: ProjectHook[] = [];
  for (const name of COMMIT_HOOKS) {
    const file = join(dir, name);
    const runs = await Promise.all([access(file, constants.X_OK), stat(file)]).then(
      ([, found]) => found.isFile(),
      () => false,
    );
    if (runs) hooks.push({ name, file });
  }
  return hooks;
}

/** Directories nobody but the person may write: git's own, and every place hooks run from (husky keeps its sources in `.husky`). */
export async function protectedDirs(git: GitRunner, paths: RepositoryPaths): Promise<string[]> {
  const hooks = await hooksDir(git, paths.root);
  return [
    ...new Set([paths.commonDir, paths.gitDir, join(paths.commonDir, "hooks"), hooks, join(paths.root, ".husky")]),
  ];
}

export async function withMessageFile<T>(
  message: string,
  use: (file: string) => Promise<T>,
): Promise<{ value: T; message: string }> {
  const dir = await mkdtemp(join(tmpdir(), "aegis-message-"));
  try {
    const file = join(dir, "COMMIT_EDITMSG");
    await writeFile(file, `${message.trimEnd()}\n`);
    const value = await use(file);
    return { value, message: await readFile(file, "utf8") };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
