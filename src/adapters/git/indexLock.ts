import { link, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { hasCode } from "../../ports/thrown.ts";
import { GitError } from "./gitCommand.ts";

const LOCK_ATTEMPTS = 20;
const LOCK_WAIT_MS = 50;

/** Git's own lock on the index, while it is ours. */
export interface IndexLock {
  /** The lock file: what is written there becomes the index with `replace`. */
  file: string;
  /** Makes the lock file the index and gives the lock up. */
  replace(): Promise<void>;
  /** Gives the lock up. Nothing happens where it was given up already. */
  release(): Promise<void>;
}

/**
 * Takes git's own lock on the index, as `git commit` does, so that no other git writes it meanwhile. The lock file has a
 * second name that holds the commit's id: after a crash that says whose it was, and what it was for.
 * @throws GitError where another git holds it.
 */
export async function lockIndex(indexFile: string, commit: string): Promise<IndexLock> {
  const lock = `${indexFile}.lock`;
  const claim = `${indexFile}${CLAIM}${commit}`;
  await writeFile(claim, "");
  for (let attempt = 1; !(await linked(claim, lock)); attempt++) {
    if (attempt >= LOCK_ATTEMPTS) {
      await rm(claim, { force: true });
      throw new GitError(
        "Another git process holds the index; nothing was committed.",
        lock,
        "Wait for it; if none runs, remove the lock file and commit again.",
      );
    }
    await delay(LOCK_WAIT_MS);
  }
  let held = true;
  const end = async (how: () => Promise<void>) => {
    // Once given up, a file of this name is another git's.
    if (!held) return;
    held = false;
    await how();
    await rm(claim, { force: true });
  };
  return {
    file: lock,
    replace: () => end(() => rename(lock, indexFile)),
    release: () => end(() => rm(lock, { force: true })),
  };
}

const CLAIM = ".aegis-";

/**
 * Ends what a process of ours that died with the lock left: where the branch had moved to its commit, the index it had made
 * ready takes its place, else the lock goes and everything is as before. A lock of another git's stays.
 * @param head HEAD's commit id.
 */
export async function endInterrupted(indexFile: string, head: string): Promise<void> {
  const lock = `${indexFile}.lock`;
  const dir = dirname(indexFile);
  const begin = `${basename(indexFile)}${CLAIM}`;
  for (const name of await readdir(dir)) {
    if (!name.startsWith(begin)) continue;
    const claim = join(dir, name);
    const [ours, present] = await Promise.all([stat(claim), statOrNone(lock)]);
    if (present && present.ino === ours.ino && present.dev === ours.dev) {
      // It is empty where nothing of the index had to change.
      if (name === begin + head && ours.size > 0) await rename(lock, indexFile);
      else await rm(lock, { force: true });
    }
    await rm(claim, { force: true });
  }
}

async function statOrNone(file: string) {
  try {
    return await stat(file);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
}
