import { readdir } from "node:fs/promises";
import path from "node:path";
import type { ScopeRules } from "./scopeRules.ts";

/** Not looked into: large, filled by package managers, and ignored wherever git is used. */
const NOT_DESCENDED = "node_modules";

/**
 * Entries with a protected name (a repository's `.git`, the host's configuration) below a directory that may be written as
 * a whole. No mount can forbid a name that is not there yet: those found before a call are bound read-only, those found
 * after it are taken back. A `.git` that git does not know would keep every snapshot of the project from being taken.
 *
 * @returns project-relative paths, the topmost of each; links are not followed
 */
export async function nestedProtected(projectDir: string, dir: string, rules: ScopeRules): Promise<string[]> {
  const found: string[] = [];
  const entries = await readdir(path.join(projectDir, dir), { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const name = path.posix.join(dir, entry.name);
    if (rules.isProtected(name)) found.push(name);
    else if (entry.isDirectory() && entry.name !== NOT_DESCENDED)
      found.push(...(await nestedProtected(projectDir, name, rules)));
  }
  return found;
}
