import { readdir } from "node:fs/promises";
import path from "node:path";
import { isSecretFile } from "../../core/scope/secretFiles.ts";
import type { ScopeRules } from "./scopeRules.ts";

/** Not looked into: large, filled by package managers, and ignored wherever git is used. */
const NOT_DESCENDED = "node_modules";

/** Project-relative paths of entries that need care inside a directory that may be written as a whole. */
export interface NestedNames {
  /** Protected names, the topmost of each. */
  guarded: string[];
  /** Files whose name is one of a person's secrets; whether git ignores them is another question. */
  secrets: string[];
}

/**
 * Entries with a protected name (a repository's `.git`, the host's configuration) or a secret's below a directory that may
 * be written as a whole. No mount can forbid a name that is not there yet: those found before a call are bound read-only,
 * protected ones found after it are taken back. A `.git` that git does not know would keep every snapshot of the project
 * from being taken. Links are not followed.
 */
export async function nestedNames(projectDir: string, dir: string, rules: ScopeRules): Promise<NestedNames> {
  const found: NestedNames = { guarded: [], secrets: [] };
  const entries = await readdir(path.join(projectDir, dir), { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const name = path.posix.join(dir, entry.name);
    if (rules.isProtected(name)) found.guarded.push(name);
    else if (entry.isDirectory() && entry.name !== NOT_DESCENDED) {
      const below = await nestedNames(projectDir, name, rules);
      found.guarded.push(...below.guarded);
      found.secrets.push(...below.secrets);
    } else if (!entry.isDirectory() && isSecretFile(name)) found.secrets.push(name);
  }
  return found;
}
