import { readFileSync } from "node:fs";
import { hasCode } from "../ports/thrown.ts";

/** Text of a file, or undefined where there is none; any other failure is thrown. */
export function readTextFile(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}
