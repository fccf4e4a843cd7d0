import { createHash } from "node:crypto";
import { lstat, readdir, readFile, readlink } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";

/** Paths below a directory (relative, "/" between) with what they hold: a hash, a link's target, or "dir". */
export type Manifest = ReadonlyMap<string, string>;

/** Bytes up to which a file is hashed; of a larger one size and time stand for it. */
const HASHED = 32 * 1024 * 1024;

/** Everything below `root`, ignored files too; `without` are top-level names that are left out. */
export async function manifestOf(root: string, without: readonly string[] = []): Promise<Manifest> {
  const found = new Map<string, string>();
  const walk = async (relative: string): Promise<void> => {
    for (const entry of await readdir(path.join(root, relative), { withFileTypes: true })) {
      if (relative === "" && without.includes(entry.name)) continue;
      const name = relative === "" ? entry.name : `${relative}/${entry.name}`;
      const full = path.join(root, name);
      if (entry.isSymbolicLink()) found.set(name, `link ${await readlink(full)}`);
      else if (entry.isDirectory()) await walk(name);
      else if (entry.isFile()) found.set(name, await contentOf(full));
      else found.set(name, "special");
    }
  };
  await walk("");
  return found;
}

async function contentOf(file: string): Promise<string> {
  const { size, mtimeMs, mode } = await lstat(file);
  if (size > HASHED) return `${size} ${mtimeMs}`;
  return `${(mode & 0o111) !== 0 ? "x" : "-"} ${createHash("sha1")
    .update(await readFile(file))
    .digest("hex")}`;
}

/** Paths that are not the same in both, sorted. */
export function changedBetween(before: Manifest, after: Manifest): string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name)).sort();
}

/** What belongs to the person in git: configuration, hooks, refs but our own and the branch's, stashes, staged entries. */
export interface GitLedger {
  head: string;
  branch: string;
  config: string;
  hooks: string;
  refs: string;
  staged: string;
}

export async function gitLedger(dir: string): Promise<GitLedger> {
  const git = async (...args: string[]) => (await execa("git", args, { cwd: dir, reject: false })).stdout;
  const inGit = async (command: string) => (await execa("bash", ["-c", command], { cwd: dir, reject: false })).stdout;
  const branch = await git("symbolic-ref", "-q", "HEAD");
  const refs = (await git("for-each-ref", "--format=%(refname) %(objectname)"))
    .split("\n")
    .filter((line) => !line.startsWith("refs/aegis/") && !line.startsWith(`${branch} `));
  return {
    head: await git("rev-parse", "HEAD"),
    branch,
    config: await inGit("cat .git/config"),
    hooks: await inGit("find .git/hooks -type f -exec md5sum {} + | sort"),
    refs: refs.join("\n"),
    staged: await git("diff", "--cached", "--raw", "--no-abbrev", "--no-renames"),
  };
}
