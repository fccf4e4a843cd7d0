import type { ChangedPath } from "../../ports/git.ts";
import { GitError, type GitRunner, splitNul } from "./gitCommand.ts";
import { withTemporaryIndex } from "./temporaryIndex.ts";

/** A blob is read as text up to this size in bytes; manifests and configurations are far below it. */
const MAX_TEXT_BYTES = 1_000_000;

/** The project's own state: never part of a tree, never reported as a change. */
export const OWN_DIRECTORY = ".aegis";

/** One entry of `git diff-tree --raw`: the name as git stores it, and what is there on the far side. */
export interface TreeEntryChange {
  /** Name as stored, perhaps not NFC. */
  name: string;
  kind: ChangedPath["kind"];
  oldMode: string;
  oldOid: string;
  newMode: string;
  newOid: string;
}

function isOwnPath(path: string): boolean {
  return path === OWN_DIRECTORY || path.startsWith(`${OWN_DIRECTORY}/`);
}

/** Writes the empty tree and gives its id (it depends on the repository's hash function). */
export async function emptyTree(git: GitRunner): Promise<string> {
  return (await git(["hash-object", "-w", "-t", "tree", "/dev/null"])).stdout.trim();
}

/** Differences of two trees by blob and mode; renames appear as deleted + added. */
export async function rawChanges(git: GitRunner, from: string, to: string): Promise<TreeEntryChange[]> {
  if (from === to) return [];
  const parts = splitNul(
    (await git(["diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", from, to])).stdout,
  );
  const changes: TreeEntryChange[] = [];
  for (let i = 0; i + 1 < parts.length; i += 2) {
    const [oldMode, newMode, oldOid, newOid, status] = (parts[i] ?? "").slice(1).split(" ");
    const name = parts[i + 1];
    if (!oldMode || !newMode || !oldOid || !newOid || !status || name === undefined)
      throw new GitError(
        "git diff-tree gave a line that cannot be read.",
        parts[i] ?? "",
        "Update git to 2.30 or later.",
      );
    if (isOwnPath(name)) continue;
    const kind = status[0] === "A" ? "added" : status[0] === "D" ? "deleted" : "modified";
    changes.push({ name, kind, oldMode, oldOid, newMode, newOid });
  }
  return changes;
}

export async function changedPaths(git: GitRunner, from: string, to: string): Promise<ChangedPath[]> {
  const changes = await rawChanges(git, from, to);
  return changes.map(({ name, kind }) => ({ path: name.normalize("NFC"), kind }));
}

/** Lines for `git update-index -z --index-info`; deletions first, so that a file may become a directory. */
export function indexInfo(changes: readonly TreeEntryChange[]): string {
  const deleted = changes.filter((change) => change.kind === "deleted");
  const written = changes.filter((change) => change.kind !== "deleted");
  return [...deleted, ...written]
    .map((change) => {
      if (change.name.includes("\uFFFD"))
        throw new GitError("A file name is not UTF-8.", change.name, "Rename the file, then try again.");
      return `${change.newMode} ${change.newOid}\t${change.name}\0`;
    })
    .join("");
}

/** `base` with each of `paths` as it is in `from`. */
export async function composeTree(
  git: GitRunner,
  base: string,
  from: string,
  paths: readonly string[],
): Promise<string> {
  const wanted = new Set(paths.map((path) => path.normalize("NFC")));
  const changes = (await rawChanges(git, base, from)).filter((change) => wanted.has(change.name.normalize("NFC")));
  if (changes.length === 0) return base;
  return withTemporaryIndex(undefined, async (file) => {
    const env = { GIT_INDEX_FILE: file };
    await git(["read-tree", base], { env });
    await git(["update-index", "-z", "--index-info"], { env, stdin: indexInfo(changes) });
    return (await git(["write-tree"], { env })).stdout.trim();
  });
}

/** Unified diff limited to `paths`, cut after the last whole line within `maxBytes`. */
export async function diffText(
  git: GitRunner,
  from: string,
  to: string,
  paths: readonly string[],
  maxBytes: number,
): Promise<string> {
  const wanted = new Set(paths.map((path) => path.normalize("NFC")));
  const names = (await rawChanges(git, from, to))
    .map((change) => change.name)
    .filter((name) => wanted.has(name.normalize("NFC")));
  if (names.length === 0) return "";
  const flags = ["-r", "-p", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color"];
  const { stdout } = await git(["--literal-pathspecs", "diff-tree", ...flags, from, to, "--", ...names]);
  const bytes = Buffer.from(stdout);
  if (bytes.length <= maxBytes) return stdout;
  const head = bytes.subarray(0, maxBytes);
  const kept = head.subarray(0, head.lastIndexOf(0x0a) + 1).toString("utf8");
  return `${kept}[cut: ${bytes.length - Buffer.byteLength(kept)} more bytes of diff]\n`;
}

interface Blob {
  path: string;
  oid: string;
  size: number;
}

async function blobs(git: GitRunner, tree: string): Promise<Blob[]> {
  const { stdout } = await git(["ls-tree", "-r", "-z", "-l", "--full-tree", tree]);
  return splitNul(stdout).flatMap((line) => {
    const tab = line.indexOf("\t");
    const [, type, oid, size] = line.slice(0, tab).split(/ +/);
    const path = line.slice(tab + 1);
    return type === "blob" && oid && !isOwnPath(path) ? [{ path: path.normalize("NFC"), oid, size: Number(size) }] : [];
  });
}

export async function treePaths(git: GitRunner, tree: string): Promise<string[]> {
  return (await blobs(git, tree)).map((blob) => blob.path);
}

/** Text of those of `paths` that `tree` has, up to MAX_TEXT_BYTES each. */
export async function readText(git: GitRunner, tree: string, paths: readonly string[]): Promise<Map<string, string>> {
  const wanted = new Set(paths.map((path) => path.normalize("NFC")));
  const found = (await blobs(git, tree)).filter((blob) => wanted.has(blob.path) && blob.size <= MAX_TEXT_BYTES);
  const texts = await Promise.all(
    found.map(async (blob) => [blob.path, (await git(["cat-file", "blob", blob.oid])).stdout] as const),
  );
  return new Map(texts);
}
