import { compileGlob, matchesOnlyProtected, resolveGlob } from "./compiledGlob.ts";
import { expandBraces, type GlobResult, refuse } from "./globText.ts";
import { PROTECTED_PATHS } from "./protectedPaths.ts";

const PROTECTED_LIST = PROTECTED_PATHS.join(", ");

/** If the scope glob, or one of the patterns its braces stand for, can match nothing but protected paths, says so;
 * otherwise undefined. A pattern such as `*.json` that merely could match one is fine: `contains` leaves protected
 * paths out. */
export function protectedOverlap(glob: string): string | undefined {
  const resolved = resolveGlob(glob);
  const expanded = resolved.ok ? expandBraces(resolved.glob) : resolved;
  if (!expanded.ok) return undefined;
  const found = expanded.patterns.find((pattern) => matchesOnlyProtected(compileGlob(pattern)));
  if (found === undefined) return undefined;
  return `\`${found}\` matches nothing a Worker may write; read-only for every role: ${PROTECTED_LIST}, and those of OpenCode and git at any depth`;
}

/** Checks a scope glob and gives its one spelling: NFC, `/` between names, no `.`, `..`, doubled or trailing separator.
 * Refuses what is empty, absolute, negated, protected, or leads out of the project. Syntax that can be used but not
 * decided (`!(…)`) passes here and counts as an overlap later. */
export function normalizeScopeGlob(glob: string): GlobResult {
  const resolved = resolveGlob(glob);
  if (!resolved.ok) return resolved;
  const expanded = expandBraces(resolved.glob);
  if (!expanded.ok) {
    return expanded.code === "undecided"
      ? refuse("unsupported", expanded.reason)
      : refuse(expanded.code, expanded.reason);
  }
  const protectedReason = protectedOverlap(resolved.glob);
  return protectedReason === undefined ? resolved : refuse("protected", protectedReason);
}
