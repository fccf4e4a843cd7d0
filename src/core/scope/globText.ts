import { braceExpand } from "minimatch";

/** Longest glob accepted, in UTF-16 units. Real scopes stay under 100; the bound keeps every later step small. */
export const MAX_GLOB_LENGTH = 512;
/** Most patterns one glob's braces may stand for; more is answered "undecided" instead of computed. */
export const MAX_ALTERNATIVES = 128;

/** Why a glob or path cannot be used as it is written. */
export type GlobProblemCode =
  | "empty"
  | "absolute"
  | "leaves-project"
  | "negation"
  | "control-character"
  | "too-long"
  | "unsupported"
  | "protected";

export type GlobResult = { ok: true; glob: string } | { ok: false; code: GlobProblemCode; reason: string };

const EXTGLOB_SIGNS = "@+*?!";
const BRACES: readonly [string, string] = ["{", "}"];
const PARENS: readonly [string, string] = ["(", ")"];

/** Index just past the bracket expression that opens at `start`, or undefined where `[` stands for itself: a class
 * never spans a separator and its first character may be `]`. */
export function endOfClass(text: string, start: number): number | undefined {
  let at = start + 1;
  if (text[at] === "!" || text[at] === "^") at++;
  if (text[at] === "]") at++;
  for (; at < text.length && text[at] !== "/"; at++) {
    if (text[at] === "]") return at + 1;
    if (text.startsWith("[:", at)) {
      const close = text.indexOf(":]", at + 2);
      if (close > 0 && /^[a-z]+$/.test(text.slice(at + 2, close))) at = close + 1;
    }
  }
  return undefined;
}

/** Index just past the group that opens at `start`, or undefined where it never closes. */
function endOfGroup(text: string, start: number, [open, close]: readonly [string, string]): number | undefined {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const char = text[at];
    if (char === "[") {
      const end = endOfClass(text, at);
      if (end !== undefined) at = end - 1;
    } else if (char === open) depth++;
    else if (char === close && --depth === 0) return at + 1;
  }
  return undefined;
}

/** Index just past the extended group (`@(…)`, `+(…)`, `*(…)`, `?(…)`, `!(…)`) that starts at `at`, else undefined. */
export function endOfExtglob(text: string, at: number): number | undefined {
  if (text[at + 1] !== "(" || !EXTGLOB_SIGNS.includes(text[at] ?? " ")) return undefined;
  return endOfGroup(text, at + 1, PARENS);
}

/** Splits at `separator` outside extended groups and classes; outside braces too where `braces` is "opaque". */
export function splitOutsideGroups(text: string, separator: string, braces: "opaque" | "expanded"): string[] {
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; ) {
    if (text[at] === separator) {
      parts.push(text.slice(from, at));
      at += 1;
      from = at;
      continue;
    }
    const end =
      endOfExtglob(text, at) ??
      (text[at] === "[" ? endOfClass(text, at) : undefined) ??
      (text[at] === "{" && braces === "opaque" ? endOfGroup(text, at, BRACES) : undefined);
    at = end ?? at + 1;
  }
  parts.push(text.slice(from));
  return parts;
}

/** Index of the first character that is not plain text (`text.length` where there is none). */
export function firstWildcard(text: string): number {
  for (let at = 0; at < text.length; at++) {
    if ("*?[{".includes(text[at] ?? "")) return at;
    if (text[at + 1] === "(" && EXTGLOB_SIGNS.includes(text[at] ?? "")) return at;
  }
  return text.length;
}

/** Whether a glob holds anything but plain text. */
export function hasWildcard(text: string): boolean {
  return firstWildcard(text) < text.length;
}

/** One spelling for what the file system sees as one path: NFC, and with `/` between names. */
export function unifySpelling(text: string): string {
  return text.normalize("NFC").replaceAll("\\", "/");
}

// A file name with a control character is legal on Linux, but in a scope it is an attempt to confuse a reader.
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const CONTROL = /[\u0000-\u001f\u007f]/;

export function refuse(code: GlobProblemCode, reason: string): { ok: false; code: GlobProblemCode; reason: string } {
  return { ok: false, code, reason };
}

/** Checks what is wrong with a path or glob before its segments are looked at. `text` has unified spelling. */
export function refuseOutright(text: string): { ok: false; code: GlobProblemCode; reason: string } | undefined {
  if (text.trim() === "") return refuse("empty", "it is empty; name a path relative to the project, such as `src/api`");
  if (CONTROL.test(text)) return refuse("control-character", "it contains a control character");
  if (text.startsWith("/") || /^[A-Za-z]:/.test(text)) {
    return refuse("absolute", `\`${text}\` is absolute; write it relative to the project's root`);
  }
  if (/^~[^/]*\//.test(text) || text === "~") {
    return refuse(
      "leaves-project",
      `\`${text}\` points into a home directory; write it relative to the project's root`,
    );
  }
  return undefined;
}

/** Resolves `.`, `..`, doubled and trailing separators. A trailing separator on a pattern means "below it"; the
 * project's root itself reads as `**`. `..` is resolved against plain names only. */
export function resolveSegments(text: string, braces: "opaque" | "expanded"): GlobResult {
  const kept: string[] = [];
  const segments = splitOutsideGroups(text, "/", braces);
  for (const segment of segments) {
    if (segment === "" || segment === "." || (segment === "**" && kept.at(-1) === "**")) continue;
    if (segment !== "..") {
      kept.push(segment);
      continue;
    }
    const parent = kept.pop();
    if (parent === undefined) return refuse("leaves-project", `\`${text}\` leads out of the project`);
    if (hasWildcard(parent)) {
      return refuse(
        "unsupported",
        `\`..\` after the pattern \`${parent}\` has no fixed meaning; write the path without it`,
      );
    }
  }
  const last = kept.at(-1);
  if (last === undefined) return { ok: true, glob: "**" };
  const meansBelow = segments.at(-1) === "" && last !== "**" && kept.some(hasWildcard);
  return { ok: true, glob: kept.join("/") + (meansBelow ? "/**" : "") };
}

/** The brace-free patterns a resolved glob stands for (bash's rules: textual, nested, `{1..3}`), each resolved again.
 * `undecided` where there are too many of them. */
export function expandBraces(
  glob: string,
): { ok: true; patterns: string[] } | { ok: false; code: GlobProblemCode | "undecided"; reason: string } {
  const expanded = braceExpand(glob, { braceExpandMax: MAX_ALTERNATIVES + 1 });
  if (expanded.length > MAX_ALTERNATIVES) {
    const reason = `the braces of \`${glob}\` stand for more than ${MAX_ALTERNATIVES} patterns`;
    return { ok: false, code: "undecided", reason };
  }
  const patterns = new Set<string>();
  for (const text of expanded) {
    const refused = refuseOutright(text);
    if (refused) return { ...refused, reason: `one way to read \`${glob}\`: ${refused.reason}` };
    if (splitOutsideGroups(text, "/", "expanded").includes("..")) {
      return refuse("unsupported", `\`..\` inside the braces of \`${glob}\`; write the paths out`);
    }
    const resolved = resolveSegments(text, "expanded");
    if (!resolved.ok) return resolved;
    patterns.add(resolved.glob);
  }
  return { ok: true, patterns: [...patterns] };
}
