import { cp, mkdir, readdir, rmdir } from "node:fs/promises";
import path from "node:path";
import { entryAt, isDirectoryAt } from "./entryAt.ts";
import type { IgnoredDirs } from "./ignoredDirs.ts";
import type { ScopeRules } from "./scopeRules.ts";

/** What builds leave behind. Copied into the private directory while small, because builds and tests may read it. */
const BUILD_DIRS = ["dist", "build", "coverage", "out", "target", ".next", ".turbo", ".nuxt", ".svelte-kit"];
/** Made (empty, ignored by git) where missing: a mount needs a directory to lie on, and these are common first outputs. */
const MADE_WHERE_MISSING = new Set(["dist", "build", "coverage"]);
const CACHE_DIRS = [".cache", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".gradle", ".parcel-cache", ".nyc_output"];
/** vite and vitest fail, rather than do without, where these cannot be written. */
const MODULE_CACHES = [".cache", ".vite", ".vite-temp", ".vitest"];
/** A build output with more files than this stays as it is, read-only: copying would hold the first call up. */
const MAX_COPIED_FILES = 2_000;

export interface PrivateDirs {
  /** bwrap's binds of private directories over the project's. */
  args: string[];
  /** Directories made in the project only to be mounted on; removed at the end if still empty. */
  made: string[];
}

/**
 * Gives a role that may not write the project's build and cache directories a copy of its own of each, so that its
 * builds and tests run and no other session sees the result.
 *
 * @param storeDir host directory of this private id; its content lives as long as the sandbox object
 * @param ignoredDirs says which of them git ignores
 * @param view for a worktree: where the session sees it, which is also where the project's own outputs lie
 */
export async function privateDirs(
  projectDir: string,
  storeDir: string,
  rules: ScopeRules,
  ignoredDirs: IgnoredDirs,
  view = projectDir,
): Promise<PrivateDirs> {
  const candidates = [...BUILD_DIRS, ...CACHE_DIRS].filter(
    (name) => rules.directory(name) === "closed" && !rules.isProtected(name),
  );
  const hasModules = isDirectoryAt(path.join(view, "node_modules"));
  const asked = [...candidates, ...(hasModules ? ["node_modules"] : [])];
  const ignored = await ignoredDirs.among(projectDir, asked);
  const wanted = candidates.filter((name) => ignored.has(name));
  if (ignored.has("node_modules")) wanted.push(...MODULE_CACHES.map((name) => `node_modules/${name}`));
  const args: string[] = [];
  const made: string[] = [];
  for (const name of wanted) {
    // Dependencies are the project's in every view: what is mounted on lies there.
    const original = path.join(name.startsWith("node_modules/") ? view : projectDir, name);
    if (!isDirectoryAt(original)) {
      const mayMake = MADE_WHERE_MISSING.has(name) || name.startsWith("node_modules/");
      if (!mayMake || entryAt(original) !== undefined) continue;
      await mkdir(original, { recursive: true });
      made.push(original);
    }
    const contents = path.join(view, name);
    const own = path.join(storeDir, name.replaceAll("/", "+"));
    if (!isDirectoryAt(own)) {
      if (BUILD_DIRS.includes(name) && !(await copySmall(isDirectoryAt(contents) ? contents : original, own))) continue;
      await mkdir(own, { recursive: true });
    }
    args.push("--bind", own, contents);
  }
  return { args, made };
}

/** Removes the mount points that `privateDirs` made and nobody filled. */
export async function removeMade(made: readonly string[]): Promise<void> {
  for (const dir of made) await rmdir(dir).catch(() => undefined);
}

async function copySmall(from: string, to: string): Promise<boolean> {
  // With file types: the plain recursive listing follows links, out of the project and in circles.
  const entries = await readdir(from, { recursive: true, withFileTypes: true });
  if (entries.length > MAX_COPIED_FILES) return false;
  await cp(from, to, { recursive: true, verbatimSymlinks: true });
  return true;
}
