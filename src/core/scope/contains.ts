import { Words } from "refa";
import { type CompiledGlob, compileGlob } from "./compiledGlob.ts";
import { refuseOutright, unifySpelling } from "./globText.ts";
import { isProtectedPath } from "./protectedPaths.ts";
import type { ScopeOptions } from "./scopeOptions.ts";

export interface ContainsOptions extends ScopeOptions {
  /** How `\` in the path is read: as a separator (default; what tools and models write), or as a character of a name,
   * which is what a path from a POSIX file system or from git means by it. */
  backslash?: "separator" | "literal";
}

/** For paths as git and POSIX file systems spell them. */
export const FROM_GIT: ContainsOptions = { backslash: "literal" };

/** The path a scope is asked about: project-relative, NFC, `..` resolved as text; undefined where it leaves the project
 * or is none. Symbolic links are the caller's to resolve first. */
export function normalizePath(path: string, options: ContainsOptions = {}): string | undefined {
  const text = options.backslash === "literal" ? path.normalize("NFC") : unifySpelling(path);
  if (refuseOutright(text)) return undefined;
  const kept: string[] = [];
  for (const segment of text.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") kept.push(segment);
    else if (kept.pop() === undefined) return undefined;
  }
  return kept.length > 0 ? kept.join("/") : undefined;
}

/** Makes a scope ready to be asked about many paths. */
export function compileScope(scope: readonly string[], options: ContainsOptions = {}): (path: string) => boolean {
  const globs: CompiledGlob[] = scope.map((glob) => compileGlob(glob, options));
  return (path) => {
    const normal = normalizePath(path, options);
    if (normal === undefined || isProtectedPath(normal)) return false;
    const word = Words.fromStringToUnicode(normal);
    return globs.some(({ automaton }) => automaton?.test(word) ?? false);
  };
}

/** Whether a Worker with this scope may write `path` (relative to the project's root). Exact; a protected path, a path
 * out of the project, and a pattern that cannot be decided are never contained. */
export function contains(scope: readonly string[], path: string, options: ContainsOptions = {}): boolean {
  return compileScope(scope, options)(path);
}
