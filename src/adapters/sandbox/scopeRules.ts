import { compileScope } from "../../core/scope/contains.ts";
import { expandBraces, hasWildcard } from "../../core/scope/globText.ts";
import { coversWholePrefix, literalPrefix } from "../../core/scope/prefix.ts";
import { isProtectedPath } from "../../core/scope/protectedPaths.ts";

/** One brace-free pattern of a scope. `dir` is the directory that has to be writable for it, "" for the project root. */
export interface ScopePattern {
  glob: string;
  dir: string;
  wholeDir: boolean;
}

/** What may be done with a directory as a whole: everything below may be written, some, or nothing. */
type Openness = "open" | "mixed" | "closed";

/** Answers, for project-relative paths, what a sandbox may write. */
export interface ScopeRules {
  patterns: readonly ScopePattern[];
  /** Directories the `except` globs live in: made before the call, so that they can be bound read-only. */
  exceptPatterns: readonly ScopePattern[];
  /** Whether this exact path may be written. */
  mayWrite(path: string): boolean;
  directory(path: string): Openness;
  /** Whether `path` belongs to another session (an `except` glob): its new files are not this call's. */
  isOthers(path: string): boolean;
  isProtected(path: string): boolean;
}

// Paths come from the file system here, where a backslash is a character of a name.
const FROM_DISK = { backslash: "literal" } as const;

/** @param alsoProtected project-relative paths (hook directories, submodules' `.git`) protected beside the fixed names */
export function scopeRules(
  scope: readonly string[],
  except: readonly string[],
  alsoProtected: readonly string[],
): ScopeRules {
  const patterns = scope.flatMap(toPatterns);
  const exceptPatterns = except.flatMap(toPatterns);
  const inScope = compileScope(scope, FROM_DISK);
  const inExcept = compileScope(except, FROM_DISK);
  const isProtected = (path: string) =>
    isProtectedPath(path) || alsoProtected.some((dir) => path === dir || path.startsWith(`${dir}/`));
  const holdsProtected = (dir: string) => dir === "" || alsoProtected.some((path) => path.startsWith(`${dir}/`));
  return {
    patterns,
    exceptPatterns,
    mayWrite: (path) => inScope(path) && !inExcept(path) && !isProtected(path),
    directory(dir) {
      if (dir !== "" && isProtected(dir)) return "closed";
      if (exceptPatterns.some((pattern) => coversAllOf(pattern, dir))) return "closed";
      const covered = patterns.some((pattern) => coversAllOf(pattern, dir));
      if (!covered && !patterns.some((pattern) => mayMatchBelow(pattern, dir))) return "closed";
      const narrowed = exceptPatterns.some((pattern) => mayMatchBelow(pattern, dir));
      return covered && !narrowed && !holdsProtected(dir) ? "open" : "mixed";
    },
    isOthers: inExcept,
    isProtected,
  };
}

function toPatterns(glob: string): ScopePattern[] {
  const expanded = expandBraces(glob);
  return (expanded.ok ? expanded.patterns : [glob]).map((pattern) => {
    const prefix = literalPrefix(pattern);
    if (hasWildcard(pattern)) return { glob: pattern, dir: prefix, wholeDir: coversWholePrefix(pattern) };
    // A path without a wildcard is one file: an editor that writes beside it and renames needs its directory.
    return { glob: pattern, dir: prefix.slice(0, Math.max(prefix.lastIndexOf("/"), 0)), wholeDir: false };
  });
}

function isAtOrBelow(dir: string, ancestor: string): boolean {
  return ancestor === "" || dir === ancestor || dir.startsWith(`${ancestor}/`);
}

function coversAllOf(pattern: ScopePattern, dir: string): boolean {
  return pattern.wholeDir && isAtOrBelow(dir, pattern.dir);
}

/** Whether the pattern could match something below `dir`; true where only a full match could tell. */
function mayMatchBelow({ glob, dir: prefix }: ScopePattern, dir: string): boolean {
  if (isAtOrBelow(prefix, dir)) return true;
  if (!isAtOrBelow(dir, prefix)) return false;
  // `src/*.ts` ends at its own depth; `**` and extended globs may go on.
  return glob.includes("**") || glob.includes("(") || glob.split("/").length > dir.split("/").length;
}
