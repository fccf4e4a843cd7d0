import { copyFile, mkdtemp, rm, stat, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Calls `use` with the path of a private index file and removes it afterwards, whatever happens.
 *
 * @param seed an index to start from, for its stat cache: with it git reads only files that changed. A missing one is fine.
 */
export async function withTemporaryIndex<T>(seed: string | undefined, use: (file: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), "aegis-index-"));
  try {
    const file = join(dir, "index");
    if (seed !== undefined) await copyIndex(seed, file);
    return await use(file);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/**
 * Copies an index and gives the copy the original's age. Git compares a file's content only when the file is not older than
 * the index; a fresh copy would make an edit in the same clock tick look clean and leave it out of the evidence.
 */
export async function copyIndex(from: string, to: string): Promise<void> {
  try {
    const { mtimeMs } = await stat(from);
    await copyFile(from, to);
    // utimes keeps less than nanoseconds: round to the past, where git only looks more often.
    const seconds = (Math.floor(mtimeMs) - 1) / 1000;
    await utimes(to, seconds, seconds);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
