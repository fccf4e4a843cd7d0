import { cp, lstat, mkdir, readdir, rename, rm, symlink } from "node:fs/promises";
import path from "node:path";
import { nestedNames } from "./nestedNames.ts";
import type { ScopeRules } from "./scopeRules.ts";
import { type Listing, listing } from "./writable.ts";

export interface SettleInput {
  projectDir: string;
  rules: ScopeRules;
  /** Mixed directories as they were before the call. */
  before: ReadonlyMap<string, Listing>;
  /** Directories that could be written as a whole, with the protected entries that stood below them. */
  open: ReadonlyMap<string, readonly string[]>;
  /** Host directory that takes what is removed: nothing is deleted, in case it was the person's. */
  quarantineDir: string;
}

/**
 * Undoes what a call made outside its scope in directories it could write: new entries go to the quarantine, links it
 * replaced come back. Existing files and directories need no care, they were read-only mount points.
 *
 * @returns project-relative paths of files and links removed or put back, sorted
 */
export async function settleMixed(input: SettleInput): Promise<string[]> {
  const touched: string[] = [];
  for (const [dir, before] of input.before) await settleDirectory(input, dir, before, touched);
  for (const [dir, before] of input.open) await settleOpen(input, dir, before, touched);
  return touched.sort();
}

async function settleDirectory(input: SettleInput, dir: string, before: Listing, touched: string[]): Promise<void> {
  const absolute = path.join(input.projectDir, dir);
  const entries = await readdir(absolute, { withFileTypes: true }).catch(() => []);
  const now = await listing(absolute, entries);
  for (const entry of entries) {
    const name = path.posix.join(dir, entry.name);
    const known = before.get(entry.name);
    if (known !== undefined && known === now.get(entry.name)) continue;
    if (known === undefined || known !== "") await settleNew(input, name, entry.isDirectory(), touched);
  }
  for (const [entryName, target] of before) {
    const name = path.posix.join(dir, entryName);
    if (target === "" || input.rules.mayWrite(name) || input.rules.isOthers(name)) continue;
    const present = await lstat(path.join(input.projectDir, name)).catch(() => undefined);
    if (present !== undefined) continue;
    await symlink(target, path.join(input.projectDir, name));
    touched.push(name);
  }
}

/** What has a protected name is nobody's to make, in a scope either: a nested repository hides its files from git. */
async function settleOpen(
  input: SettleInput,
  dir: string,
  before: readonly string[],
  touched: string[],
): Promise<void> {
  const { guarded: now } = await nestedNames(input.projectDir, dir, input.rules);
  for (const name of now) if (!before.includes(name)) touched.push(await quarantine(input, name));
}

async function settleNew(input: SettleInput, name: string, isDirectory: boolean, touched: string[]): Promise<void> {
  const { rules } = input;
  // A live Worker's file in a directory both may write: taking it away would destroy that Worker's work.
  if (rules.isOthers(name)) return;
  if (!isDirectory) {
    if (!rules.mayWrite(name)) touched.push(await quarantine(input, name));
    return;
  }
  const openness = rules.directory(name);
  if (openness === "open") return settleOpen(input, name, [], touched);
  const absolute = path.join(input.projectDir, name);
  if (openness === "closed") {
    const isForOthers = rules.exceptPatterns.some(({ dir }) => dir === name || dir.startsWith(`${name}/`));
    if (isForOthers) return;
    const files = await filesBelow(absolute, name);
    await quarantine(input, name);
    touched.push(...(files.length > 0 ? files : [name]));
    return;
  }
  for (const entry of await readdir(absolute, { withFileTypes: true }).catch(() => [])) {
    await settleNew(input, path.posix.join(name, entry.name), entry.isDirectory(), touched);
  }
}

async function quarantine(input: SettleInput, name: string): Promise<string> {
  const from = path.join(input.projectDir, name);
  const to = path.join(input.quarantineDir, name);
  await mkdir(path.dirname(to), { recursive: true });
  await rm(to, { recursive: true, force: true });
  try {
    await rename(from, to);
  } catch {
    // Another file system (or an unreadable directory): copy what can be copied, but take it away in any case.
    await cp(from, to, { recursive: true, verbatimSymlinks: true }).catch(() => undefined);
    await rm(from, { recursive: true, force: true });
  }
  return name;
}

/** At most 200 names: a report, not an inventory. */
async function filesBelow(absolute: string, name: string): Promise<string[]> {
  const entries = await readdir(absolute, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isDirectory())
    .slice(0, 200)
    .map((entry) => path.posix.join(name, path.relative(absolute, path.join(entry.parentPath, entry.name))));
}
