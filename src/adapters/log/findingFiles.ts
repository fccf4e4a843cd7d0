import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { findingPath } from "../../core/findings.ts";
import { makeStateDir } from "./stateDir.ts";

/** Writes a helper's whole answer below the project's `.aegis`. Returns its path, relative to the project. */
export async function keepFinding(projectDir: string, call: string, text: string): Promise<string> {
  const path = findingPath(call);
  const file = join(projectDir, path);
  makeStateDir(join(projectDir, ".aegis"));
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  return path;
}
