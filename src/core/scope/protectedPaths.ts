import { unifySpelling } from "./globText.ts";

/** Names at the project's root that no scope may write, whatever its globs say: version control and its hooks, the
 * swarm's own state, and the files that configure OpenCode and Aegis. */
export const PROTECTED_PATHS = [
  ".git",
  ".aegis",
  ".opencode",
  ".husky",
  "opencode.json",
  "opencode.jsonc",
  "tui.json",
  "tui.jsonc",
  "aegis.jsonc",
] as const;

/** Protected at any depth: a nested repository's hooks run like the project's own, and OpenCode reads its configuration and
 * its screen's (plugins included) from the directory it is opened in. */
export const PROTECTED_ANYWHERE: readonly string[] = [
  ".git",
  ".opencode",
  "opencode.json",
  "opencode.jsonc",
  "tui.json",
  "tui.jsonc",
];

// Characters that HFS+ ignores in names; git guards `.git` against them the same way (core.protectHFS).
const IGNORED_BY_HFS = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/gu;

/** The name some file system would open for `segment`: other case, NTFS stream suffix, trailing dots and spaces. */
function nameOnAnyFileSystem(segment: string): string {
  const name = segment.replace(IGNORED_BY_HFS, "").toLowerCase().split(":")[0] ?? "";
  const trimmed = name.replace(/[. ]+$/, "");
  return trimmed === "git~1" ? ".git" : trimmed;
}

/** Whether `path` (relative to the project's root, `/`-separated) is protected or lies below something protected. */
export function isProtectedPath(path: string): boolean {
  const [root = "", ...below] = unifySpelling(path)
    .split("/")
    .filter((segment) => segment !== "" && segment !== ".")
    .map(nameOnAnyFileSystem);
  return PROTECTED_PATHS.some((name) => name === root) || below.some((name) => PROTECTED_ANYWHERE.includes(name));
}
