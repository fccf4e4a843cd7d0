import { resolveGlob } from "./compiledGlob.ts";
import { firstWildcard } from "./globText.ts";

/** The directory (or, for a path without a wildcard, the path) that everything a glob matches lies in: `src/api` for
 * `src/api/**` and for `src/api`, `src` for `src/a*.ts`, "" (the project's root) for `*`.
 * @throws RangeError for a glob that `normalizeScopeGlob` refuses as text: "" would open the whole project. */
export function literalPrefix(glob: string): string {
  const resolved = resolveGlob(glob);
  if (!resolved.ok) throw new RangeError(`The scope glob \`${glob}\` has no prefix: ${resolved.reason}`);
  const plain = resolved.glob.slice(0, firstWildcard(resolved.glob));
  if (plain === resolved.glob) return plain;
  return plain.slice(0, Math.max(plain.lastIndexOf("/"), 0));
}

/** Whether a glob covers everything at and below its literal prefix, so that nothing there needs to be kept out: `x/**`,
 * `**`, and paths without a wildcard. */
export function coversWholePrefix(glob: string): boolean {
  const resolved = resolveGlob(glob);
  if (!resolved.ok) return false;
  const rest = resolved.glob.slice(firstWildcard(resolved.glob));
  const startsSegment = resolved.glob === rest || resolved.glob.at(-rest.length - 1) === "/";
  return rest === "" || (startsSegment && rest === "**");
}
