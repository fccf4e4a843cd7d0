import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { hasCode } from "../../ports/thrown.ts";

/** The first of `names` that is an executable file on PATH, as a path; a name with a slash stands for itself. */
export function findProgram(names: readonly string[], path: string | undefined): string | undefined {
  const folders = (path ?? "").split(delimiter).filter((folder) => isAbsolute(folder));
  for (const name of names) {
    const candidates = name.includes("/") ? [name] : folders.map((folder) => join(folder, name));
    const found = candidates.find(isExecutable);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch (error) {
    if (hasCode(error, "ENOENT", "EACCES", "ENOTDIR", "ELOOP", "ENAMETOOLONG")) return false;
    throw error;
  }
}
