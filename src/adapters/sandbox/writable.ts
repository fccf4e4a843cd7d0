import type { Dirent } from "node:fs";
import { mkdir, readdir, readlink } from "node:fs/promises";
import path from "node:path";
import { isSecretFile } from "../../core/scope/secretFiles.ts";
import { entryAt, isDirectoryAt } from "./entryAt.ts";
import { ScopeNotBindableError } from "./errors.ts";
import { nestedNames } from "./nestedNames.ts";
import type { ScopePattern, ScopeRules } from "./scopeRules.ts";
import { untrackedSecrets } from "./untrackedSecrets.ts";

/** What stood in a directory before a call: the target of a link, "" for anything else. */
export type Listing = ReadonlyMap<string, string>;

export interface WritablePlan {
  /** bwrap's binds, outer directories first. */
  args: string[];
  /** Directories that hold both writable and protected things, project-relative: settled after the call. */
  mixed: ReadonlyMap<string, Listing>;
  /** Directories that may be written as a whole, with the protected entries that stood below them. */
  open: ReadonlyMap<string, readonly string[]>;
}

/**
 * Each bind costs bwrap more than the last (50: 14 ms, 200: 95 ms, 500: 360 ms, measured with 0.8). Past this number a
 * scattered scope (every Markdown file, say) gets its remaining directories read-only as a whole, existing files of the scope excepted.
 */
const MAX_BINDS = 200;

/** Never looked into: large, and a scope that reaches them only by a pattern does not mean them. */
const NOT_DESCENDED = new Set(["node_modules", ".git"]);

/**
 * Opens the directories of a scope and closes over them what is not in it. Directories that are missing are made.
 *
 * @param projectDir absolute, links resolved
 * @param shownAt where the session sees it
 * @throws ScopeNotBindableError where a scope's directory is a link, protected, or a file
 */
export async function planWritable(projectDir: string, rules: ScopeRules, shownAt = projectDir): Promise<WritablePlan> {
  for (const pattern of [...rules.patterns, ...rules.exceptPatterns]) await ensureDirectory(projectDir, pattern, rules);
  const roots = [...new Set(rules.patterns.map((pattern) => pattern.dir))].sort(byDepth);
  const walk = new Walk(projectDir, rules, shownAt);
  for (const root of roots) await walk.open(root, true);
  await walk.closeSecrets();
  return { args: walk.args, mixed: walk.mixed, open: walk.whole };
}

/** Workers' own trees hold the same files once more: a test runner that looks into every directory would run them all. */
export function othersHidden(projectDir: string): string[] {
  const dir = path.join(projectDir, ".aegis", "worktrees");
  return isDirectoryAt(dir) ? ["--tmpfs", dir, "--remount-ro", dir] : [];
}

class Walk {
  readonly args: string[] = [];
  readonly mixed = new Map<string, Listing>();
  readonly whole = new Map<string, readonly string[]>();
  private readonly secrets: string[] = [];
  private readonly opened = new Set<string>();
  private binds = 0;
  private readonly projectDir: string;
  private readonly rules: ScopeRules;
  private readonly shownAt: string;

  constructor(projectDir: string, rules: ScopeRules, shownAt: string) {
    this.projectDir = projectDir;
    this.rules = rules;
    this.shownAt = shownAt;
  }

  async open(dir: string, isRoot: boolean): Promise<void> {
    // Another scope's directory may already have opened this one.
    if (this.opened.has(dir) || this.isBelowOpen(dir)) return;
    const openness = this.rules.directory(dir);
    if (openness === "closed") return;
    this.opened.add(dir);
    if (openness === "open") {
      this.bind("--bind", dir);
      await this.closeProtected(dir);
      return;
    }
    const entries = await readdir(path.join(this.projectDir, dir), { withFileTypes: true });
    const judged = entries.map((entry) => ({
      entry,
      name: path.posix.join(dir, entry.name),
      state: this.judge(dir, entry),
    }));
    const over = judged.filter(({ state, entry }) => state !== "open" && !entry.isSymbolicLink());
    if (this.binds + over.length > MAX_BINDS && dir !== "") {
      await this.bindExisting(dir, judged, isRoot);
      return;
    }
    this.mixed.set(dir, await listing(path.join(this.projectDir, dir), entries));
    // Bound onto itself even inside a writable parent: a mount point can be neither renamed nor removed, so what lies
    // read-only below it stays where it is.
    this.bind("--bind", dir);
    for (const { name, entry, state } of over) {
      if (state === "closed" || NOT_DESCENDED.has(entry.name)) this.bind("--ro-bind-try", name);
    }
    for (const { name, entry, state } of judged) {
      if (state === "open" && entry.isDirectory() && !NOT_DESCENDED.has(entry.name)) await this.closeProtected(name);
    }
    for (const { name, entry, state } of over) {
      if (state === "mixed" && !NOT_DESCENDED.has(entry.name)) await this.open(name, false);
    }
  }

  private async closeProtected(dir: string): Promise<void> {
    const { guarded, secrets } = await nestedNames(this.projectDir, dir, this.rules);
    this.whole.set(dir, guarded);
    this.secrets.push(...secrets);
    // A directory above would be moved away with what is read-only in it, unless it is a mount point itself.
    const above = new Set([...guarded, ...secrets].flatMap((name) => ancestorsFrom(dir, name)));
    if (this.opened.has(dir)) above.delete(dir);
    for (const name of [...above].sort(byDepth)) this.bind("--bind", name);
    for (const name of guarded) this.bind("--ro-bind-try", name);
  }

  /** Last, because a bind of a directory brings back what lies below it. In a Worker's own tree the project is asked: what is
   * the person's there would be merged over. */
  async closeSecrets(): Promise<void> {
    for (const name of await untrackedSecrets(this.shownAt, this.secrets)) this.bind("--ro-bind-try", name);
  }

  private judge(dir: string, entry: Dirent): "open" | "mixed" | "closed" {
    const name = path.posix.join(dir, entry.name);
    if (entry.isDirectory()) return this.rules.directory(name);
    if (isSecretFile(name)) this.secrets.push(name);
    return this.rules.mayWrite(name) ? "open" : "closed";
  }

  /** Too many things to close one by one: the directory stays read-only, what exists of the scope in it is opened. */
  private async bindExisting(
    dir: string,
    judged: readonly { entry: Dirent; name: string; state: "open" | "mixed" | "closed" }[],
    isRoot: boolean,
  ): Promise<void> {
    if (!isRoot) this.bind("--ro-bind-try", dir);
    for (const { entry, name, state } of judged) {
      if (state === "open" && !entry.isSymbolicLink()) this.bind("--bind-try", name);
    }
  }

  private isBelowOpen(dir: string): boolean {
    for (const above of this.opened) {
      const isBelow = above === "" || dir.startsWith(`${above}/`);
      if (isBelow && this.rules.directory(above) === "open") return true;
    }
    return false;
  }

  private bind(kind: "--bind" | "--bind-try" | "--ro-bind-try", name: string): void {
    this.args.push(kind, path.join(this.projectDir, name), path.join(this.shownAt, name));
    this.binds++;
  }
}

/** What stands in a directory now. */
export async function listing(dir: string, entries: readonly Dirent[]): Promise<Listing> {
  const found = new Map<string, string>();
  for (const entry of entries) {
    found.set(entry.name, entry.isSymbolicLink() ? await readlink(path.join(dir, entry.name)) : "");
  }
  return found;
}

/** Makes the directory, one segment at a time, so that no link on the way leads it somewhere else. */
async function ensureDirectory(projectDir: string, pattern: ScopePattern, rules: ScopeRules): Promise<void> {
  if (pattern.dir !== "" && rules.isProtected(pattern.dir)) {
    throw new ScopeNotBindableError(
      pattern.glob,
      pattern.dir,
      "is protected for every role",
      "Leave it out of the scope.",
    );
  }
  let at = "";
  for (const segment of pattern.dir === "" ? [] : pattern.dir.split("/")) {
    at = path.posix.join(at, segment);
    const absolute = path.join(projectDir, at);
    const info = entryAt(absolute);
    if (info === undefined) await mkdir(absolute, { recursive: true });
    else if (info.isSymbolicLink()) {
      const target = await readlink(absolute);
      throw new ScopeNotBindableError(
        pattern.glob,
        at,
        `is a symbolic link to ${target}`,
        "Name the real directory in the scope, inside the project.",
      );
    } else if (!info.isDirectory()) {
      throw new ScopeNotBindableError(pattern.glob, at, "is a file", "Name a directory, or the file itself.");
    }
  }
}

/** `dir`, and the directories below it on the way to `name`, which lies in it. */
function ancestorsFrom(dir: string, name: string): string[] {
  const found: string[] = [];
  for (let at = path.posix.dirname(name); at !== "."; at = path.posix.dirname(at)) {
    found.push(at);
    if (at === dir) break;
  }
  return found;
}

function byDepth(a: string, b: string): number {
  const depth = (dir: string) => (dir === "" ? 0 : dir.split("/").length);
  return depth(a) - depth(b) || a.localeCompare(b);
}
