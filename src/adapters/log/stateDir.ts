import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hasCode } from "../../ports/thrown.ts";

/**
 * Makes the project's `.aegis` directory with a `.gitignore` of its own, so that git shows nothing of it where the project
 * does not ignore it. A `.gitignore` that is there stays.
 */
export function makeStateDir(stateDir: string): void {
  mkdirSync(stateDir, { recursive: true });
  try {
    writeFileSync(join(stateDir, ".gitignore"), "*\n", { flag: "wx" });
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  }
}
