import { mkdtemp, readdir, readlink, rm } from "node:fs/promises";
import path from "node:path";
import { hasCode } from "../../ports/thrown.ts";

/** `aegis-sandbox-<pid namespace>-<pid>-<random>`. */
const NAME = /^aegis-sandbox-(\d+)-(\d+)-/u;

/**
 * Makes this process's directory for private copies, and removes those of processes that ended without doing so.
 * Best effort: what cannot be removed (another user's, one that is just being removed) stays.
 *
 * @param parent the system's temporary directory
 * @returns absolute path of the new directory
 */
export async function makeStore(parent: string): Promise<string> {
  const namespace = await pidNamespace();
  const left = (await readdir(parent)).filter((name) => {
    const [, space, pid] = NAME.exec(name) ?? [];
    return space === namespace && !isAlive(Number(pid));
  });
  await Promise.allSettled(left.map((name) => rm(path.join(parent, name), { recursive: true, force: true })));
  return mkdtemp(path.join(parent, `aegis-sandbox-${namespace}-${process.pid}-`));
}

/** Containers may share a temporary directory and not their process ids. Inode of the namespace, see namespaces(7); "0" without /proc. */
async function pidNamespace(): Promise<string> {
  const link = await readlink("/proc/self/ns/pid").catch(() => "");
  return /\d+/u.exec(link)?.[0] ?? "0";
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Anything but "no such process" (such as: another user's) means that it lives.
    return !hasCode(error, "ESRCH");
  }
}
