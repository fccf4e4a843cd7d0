import { withoutColours } from "./detailOf.ts";
import type { QaRow } from "./qaCheck.ts";

/** What a failed check says about the project. */
export interface QaDiagnosis {
  check: string;
  detail: string;
  /** Project paths its output names, most often named first: the owners of these are asked to mend it. */
  paths: string[];
  /** The lines that say what is wrong, for a Worker's instructions; at most EXCERPT_LINES. */
  excerpt: string;
}

const EXCERPT_LINES = 40;
const MAX_PATHS = 20;
/** A word that ends in a file name with an extension, perhaps followed by a line number: `src/a.ts:3:1`, `src/a.ts(3,1)`. */
const PATH =
  /(?:^|[\s"'`(❯])((?:\.{0,2}\/)?[\p{L}\p{N}_@.[\]+-]+(?:\/[\p{L}\p{N}_@.[\]+-]+)*\.[A-Za-z]{1,6})(?=[\s"'`):,(]|$)/gmu;
const TROUBLE = /error|fail|assert|expected|received|panic|exception|traceback|cannot|not found|undefined|✗|×|✕|^E\s/i;

/**
 * What went wrong, one entry per failed check.
 * @param known the project's paths; with it only real ones are named, and absolute paths are cut down to them.
 */
export function diagnose(rows: readonly QaRow[], known?: ReadonlySet<string>): QaDiagnosis[] {
  return rows
    .filter((row) => !row.passed)
    .map((row) => {
      const text = withoutColours(row.output);
      return { check: row.check, detail: row.detail, paths: pathsIn(text, known), excerpt: excerptOf(text) };
    });
}

function pathsIn(text: string, known: ReadonlySet<string> | undefined): string[] {
  const counts = new Map<string, number>();
  for (const match of text.matchAll(PATH)) {
    const path = projectPath((match[1] ?? "").normalize("NFC").replace(/^\.\//, ""), known);
    if (path !== undefined) counts.set(path, (counts.get(path) ?? 0) + 1);
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, MAX_PATHS)
    .map(([path]) => path);
}

/** The project's path at the end of a word: tools print absolute paths, and a checkout's differ from the project's. */
function projectPath(word: string, known: ReadonlySet<string> | undefined): string | undefined {
  if (word.includes("node_modules/")) return undefined;
  if (known === undefined) return word.startsWith("/") || word.startsWith("../") ? undefined : word;
  if (known.has(word)) return word;
  const parts = word.split("/");
  for (let start = 1; start < parts.length; start++) {
    const tail = parts.slice(start).join("/");
    if (known.has(tail)) return tail;
  }
  return undefined;
}

/** Lines of trouble with one line around each; where none looks like it, the end of the output. */
function excerptOf(text: string): string {
  const lines = text.split("\n").map((line) => line.trimEnd());
  const kept = lines.filter((_, i) => [i - 1, i, i + 1].some((near) => TROUBLE.test(lines[near] ?? "")));
  const chosen = kept.some((line) => line !== "")
    ? kept.slice(0, EXCERPT_LINES)
    : lines.filter((line) => line !== "").slice(-EXCERPT_LINES);
  return chosen.join("\n").trim();
}
