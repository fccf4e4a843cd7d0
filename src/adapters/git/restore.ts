import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { GitRunner } from "./gitCommand.ts";
import { withTemporaryIndex } from "./temporaryIndex.ts";
import { treePaths } from "./trees.ts";

/** Puts `paths` back as `tree` has them, through an index of its own: the person's staged changes stay as they are. */
export async function restorePaths(
  git: GitRunner,
  root: string,
  tree: string,
  paths: readonly string[],
): Promise<void> {
  if (paths.length === 0) return;
  const known = new Set(await treePaths(git, tree));
  const kept = paths.filter((path) => known.has(path));
  for (const path of paths) if (!known.has(path)) await rm(join(root, path), { recursive: true, force: true });
  if (kept.length === 0) return;
  await withTemporaryIndex(undefined, async (file) => {
    const env = { GIT_INDEX_FILE: file };
    await git(["read-tree", tree], { env });
    await git(["checkout-index", "--force", "-z", "--stdin"], { env, stdin: kept.map((path) => `${path}\0`).join("") });
  });
}
