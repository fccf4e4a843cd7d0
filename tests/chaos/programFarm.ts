import { mkdtemp, readdir, symlink } from "node:fs/promises";
import path from "node:path";

/**
 * A directory with a link to every program of PATH: one of them can be taken away without touching the machine's. Not
 * below /tmp: a sandboxed shell has a /tmp of its own and would find no program at all.
 */
export async function programFarm(): Promise<string> {
  const farm = await mkdtemp("/var/tmp/aegis-chaos-programs-");
  for (const dir of (process.env.PATH ?? "").split(path.delimiter)) {
    const names = await readdir(dir).catch(() => []);
    for (const name of names) {
      await symlink(path.join(dir, name), path.join(farm, name)).catch((error: NodeJS.ErrnoException) => {
        // The first of a name wins, as in PATH.
        if (error.code !== "EEXIST") throw error;
      });
    }
  }
  return farm;
}
