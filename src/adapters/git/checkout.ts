import { lstat, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative, sep } from "node:path";
import { headCommit } from "./commit.ts";
import { createGitRunner, type GitRunner, splitNul } from "./gitCommand.ts";
import type { RepositoryPaths } from "./repositoryPaths.ts";

/** Directories that package managers fill and projects ignore: QA cannot run without them. */
const DEPENDENCY_DIRECTORIES = new Set(["node_modules", ".venv", "venv", "vendor"]);
/** Caches inside node_modules that tools write: each checkout gets its own. */
const CACHES = new Set([".cache", ".vite", ".vite-temp", ".vitest"]);

/**
 * Checks `tree` out into a fresh temporary directory, calls `use` with it, removes it.
 *
 * The directory is a repository of its own that borrows the project's objects and settings, with the project's HEAD and with
 * `tree` as index: `git diff --cached` shows there what a commit of `tree` would, and nothing written there reaches the project.
 */
export async function withCheckout<T>(
  git: GitRunner,
  paths: RepositoryPaths,
  tree: string,
  use: (dir: string) => Promise<T>,
): Promise<T> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "aegis-tree-")));
  try {
    await makeRepository(git, paths, dir);
    await createGitRunner(dir)(["read-tree", "--reset", "-u", "--no-sparse-checkout", tree]);
    const linked = await linkDependencies(git, paths.root, dir);
    const exclude = await readFile(join(paths.commonDir, "info", "exclude"), "utf8").catch(() => "");
    // A pattern like `node_modules/` means directories only: the links that stand for them need a line of their own.
    const lines = linked.map((path) => `/${path.replace(/[\\*?[\]#! ]/g, "\\$&")}`);
    await mkdir(join(dir, ".git", "info"), { recursive: true });
    await writeFile(join(dir, ".git", "info", "exclude"), `${exclude.trimEnd()}\n${lines.join("\n")}\n`);
    return await use(dir);
  } finally {
    await rm(dir, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function makeRepository(git: GitRunner, paths: RepositoryPaths, dir: string): Promise<void> {
  const branch = (await git(["symbolic-ref", "--quiet", "HEAD"], { accept: [1] })).stdout.trim();
  const format = (await git(["rev-parse", "--show-object-format"])).stdout.trim();
  await git(["init", "--quiet", "--template=", `--object-format=${format}`, dir]);
  const config = join(dir, ".git", "config");
  const own = await readFile(config, "utf8");
  const quoted = join(paths.commonDir, "config").replace(/[\\"]/g, "\\$&");
  // First, so that what `git init` wrote wins: a project made of a bare repository and worktrees says bare = true.
  await writeFile(config, `[include]\n\tpath = "${quoted}"\n${own}`);
  await mkdir(join(dir, ".git", "objects", "info"), { recursive: true });
  await writeFile(join(dir, ".git", "objects", "info", "alternates"), `${paths.objectsDir}\n`);
  const head = await headCommit(git);
  const inside = createGitRunner(dir);
  if (branch !== "") await inside(["symbolic-ref", "HEAD", branch]);
  if (head !== "") await inside(["update-ref", ...(branch === "" ? ["--no-deref"] : []), "HEAD", head]);
}

/** Links the project's ignored dependency directories into the checkout; gives their relative paths. */
async function linkDependencies(git: GitRunner, root: string, dir: string): Promise<string[]> {
  const flags = ["--others", "--ignored", "--exclude-standard", "--directory"];
  const ignored = splitNul((await git(["ls-files", "-z", ...flags])).stdout).map((path) => path.replace(/\/$/, ""));
  const linked: string[] = [];
  for (const path of ignored) {
    if (!DEPENDENCY_DIRECTORIES.has(basename(path))) continue;
    const [target, parent] = [join(dir, path), dirname(join(dir, path))];
    if ((await exists(target)) || !(await exists(parent))) continue;
    if (basename(path) === "node_modules") await linkPackages(root, dir, path);
    else await symlink(join(root, path), target);
    linked.push(path);
  }
  return linked;
}

/**
 * A real directory with a link per package, because bundlers write caches into `node_modules` itself, and because a link to a
 * package of the same workspace must lead into the checkout: else QA would test the person's working copy of it.
 */
async function linkPackages(root: string, dir: string, path: string): Promise<void> {
  await mkdir(join(dir, path));
  for (const entry of await readdir(join(root, path), { withFileTypes: true })) {
    if (CACHES.has(entry.name)) continue;
    const child = `${path}/${entry.name}`;
    if (entry.isDirectory() && entry.name.startsWith("@")) await linkPackages(root, dir, child);
    else await symlink(await linkTarget(root, dir, child), join(dir, child));
  }
}

async function linkTarget(root: string, dir: string, child: string): Promise<string> {
  const source = join(root, child);
  const target = await realpath(source).catch(() => source);
  const inside = relative(root, target);
  const ofWorkspace = inside !== "" && !inside.startsWith("..") && !inside.split(sep).includes("node_modules");
  return ofWorkspace ? join(dir, inside) : source;
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
