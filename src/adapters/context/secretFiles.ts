import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { envValues } from "../../core/context/envValues.ts";

/** Files with settings that may be secret; examples hold none. */
const NAMED = /^\.env(?:\.[\w.-]+)?$|^\.envrc$|\.env$/;
const EXAMPLE = /(?:example|sample|template|dist|defaults?)$/i;
const SKIPPED = new Set([".git", ".aegis", "node_modules", "dist", "build", "target", ".venv", "vendor"]);
/** Directories below the project that are looked into (packages of a monorepo), how many, and bytes of a file. */
const DEPTH = 3;
const DIRECTORIES = 500;
const MOST_BYTES = 256 * 1024;

/** Values of the project's `.env` files. What cannot be read holds nothing that a handoff could have read either. */
export function secretValues(projectDir: string): string[] {
  const values = new Set<string>();
  const open: [string, number][] = [[projectDir, 0]];
  for (let seen = 0; open.length > 0 && seen < DIRECTORIES; seen += 1) {
    const [dir, depth] = open.shift() ?? ["", DEPTH];
    for (const entry of entriesOf(dir)) {
      const path = join(dir, entry.name);
      if (entry.isDirectory()) {
        if (depth < DEPTH && !SKIPPED.has(entry.name)) open.push([path, depth + 1]);
      } else if (NAMED.test(entry.name) && !EXAMPLE.test(entry.name)) {
        for (const value of envValues(textOf(path))) values.add(value);
      }
    }
  }
  return [...values];
}

function entriesOf(dir: string) {
  try {
    return readdirSync(dir, { withFileTypes: true });
  } catch {
    // Gone, or not ours to read.
    return [];
  }
}

function textOf(path: string): string {
  try {
    return statSync(path).size > MOST_BYTES ? "" : readFileSync(path, "utf8");
  } catch {
    // Gone, or not ours to read.
    return "";
  }
}
