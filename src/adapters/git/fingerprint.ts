import { createHash } from "node:crypto";
import { lstat, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { type GitRunner, splitNul } from "./gitCommand.ts";
import { OWN_DIRECTORY } from "./trees.ts";

/**
 * Hashes files as they are now. Git is asked once, which files there are; writing a tree for the same answer takes eight
 * git processes, and eight Workers ask twice for every command they run.
 */
export async function fingerprintFiles(
  git: GitRunner,
  root: string,
  under: readonly string[],
  inside: (path: string) => boolean,
): Promise<string> {
  const pathspecs = under.includes("") ? [":(top)"] : under.map((path) => `:(top,literal)${path}`);
  const listed = await git([
    "ls-files",
    "-z",
    "--full-name",
    "--cached",
    "--others",
    "--exclude-standard",
    "--",
    ...pathspecs,
  ]);
  // A file in conflict is listed once for each side.
  const names = [...new Set(splitNul(listed.stdout))].filter((name) => {
    const path = name.normalize("NFC");
    return path !== OWN_DIRECTORY && !path.startsWith(`${OWN_DIRECTORY}/`) && inside(path);
  });
  const hash = createHash("sha256");
  for (const name of names.sort()) {
    const found = await contents(join(root, name));
    // Lengths first: no two lists of names and contents may run together to the same bytes.
    if (found)
      hash.update(`${Buffer.byteLength(name)} ${name} ${found.kind} ${found.bytes.length}\n`).update(found.bytes);
  }
  return hash.digest("hex");
}

/** Undefined where the file is gone: a deleted one and one that never was are the same. */
async function contents(file: string): Promise<{ kind: string; bytes: Buffer } | undefined> {
  try {
    const info = await lstat(file);
    if (info.isSymbolicLink()) return { kind: "link", bytes: Buffer.from(await readlink(file)) };
    if (!info.isFile()) return { kind: "other", bytes: Buffer.alloc(0) };
    return { kind: (info.mode & 0o100) === 0 ? "file" : "program", bytes: await readFile(file) };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
