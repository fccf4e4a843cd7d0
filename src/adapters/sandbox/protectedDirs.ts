import { readFile, realpath, stat } from "node:fs/promises";
import path from "node:path";

/** Absolute directories and files of the repository that stay read-only beside the fixed names at the root. */
export interface RepositoryPaths {
  /** The git directory and the common directory (a worktree has them elsewhere). */
  gitDirs: readonly string[];
  /** `core.hooksPath`, where one is set. */
  hooksDir: string | undefined;
  /** `.git` entries of submodules, project-relative. */
  submoduleGit: readonly string[];
}

/** Reads where a project's repository keeps its state. A directory without a repository has none; nothing throws. */
export async function repositoryPaths(projectDir: string): Promise<RepositoryPaths> {
  const gitDir = await gitDirOf(path.join(projectDir, ".git"));
  if (gitDir === undefined) return { gitDirs: [], hooksDir: undefined, submoduleGit: [] };
  const common = (await readFile(path.join(gitDir, "commondir"), "utf8").catch(() => "")).trim();
  const commonDir = common === "" ? gitDir : path.resolve(gitDir, common);
  const [hooks, modules] = await Promise.all([
    git(projectDir, ["config", "--path", "--get", "core.hooksPath"]),
    git(projectDir, ["config", "--file", ".gitmodules", "--get-regexp", "^submodule\\..*\\.path$"]),
  ]);
  return {
    gitDirs: [...new Set([gitDir, commonDir])],
    hooksDir: hooks === "" ? undefined : path.resolve(projectDir, hooks),
    submoduleGit: modules
      .split("\n")
      .flatMap((line) => /^\S+ (.+)$/.exec(line)?.[1] ?? [])
      .map((dir) => path.posix.join(dir, ".git")),
  };
}

/** The directory `.git` is, or names in a worktree or submodule (`gitdir: …`). */
async function gitDirOf(dotGit: string): Promise<string | undefined> {
  const info = await stat(dotGit).catch(() => undefined);
  if (info === undefined) return undefined;
  if (info.isDirectory()) return await realpath(dotGit);
  const named = /^gitdir: (.+)$/m.exec(await readFile(dotGit, "utf8").catch(() => ""))?.[1]?.trim();
  return named === undefined ? undefined : path.resolve(path.dirname(dotGit), named);
}

async function git(cwd: string, args: readonly string[]): Promise<string> {
  const { execa } = await import("execa");
  const result = await execa("git", args, { cwd, reject: false, stdin: "ignore", timeout: 10_000 });
  return result.exitCode === 0 ? result.stdout.trim() : "";
}
