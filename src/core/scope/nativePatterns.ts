import { resolveGlob } from "./compiledGlob.ts";
import { endOfClass, endOfExtglob, expandBraces, firstWildcard, splitOutsideGroups } from "./globText.ts";
import { literalPrefix } from "./prefix.ts";

/** Everything but plain text becomes `*`: OpenCode's `?` is one UTF-16 unit, a glob's may be two. */
function coarse(segment: string): string {
  let out = "";
  for (let at = 0; at < segment.length; ) {
    const end = endOfExtglob(segment, at) ?? (segment[at] === "[" ? endOfClass(segment, at) : undefined);
    const wild = end !== undefined || segment[at] === "*" || segment[at] === "?";
    if (!wild) out += segment[at];
    else if (!out.endsWith("*")) out += "*";
    at = end ?? at + 1;
  }
  return out;
}

function patternsOf(pattern: string): string[] {
  if (firstWildcard(pattern) === pattern.length) return [pattern, `${pattern}/*`];
  const segments = splitOutsideGroups(pattern, "/", "expanded");
  const last = segments.pop() ?? "";
  let out = "";
  let slash = "";
  for (const segment of segments) {
    // `a/**/b` also means `a/b`: the star stands for the names between and for their separators.
    out += slash + (segment === "**" ? "*" : coarse(segment));
    slash = segment === "**" ? "" : "/";
  }
  const below = out + slash + (last === "**" ? "*" : coarse(last));
  const patterns = last === "**" && slash !== "" ? [out, below] : [below];
  return patterns.map((text) => text.replace(/\*{2,}/g, "*"));
}

/** OpenCode permission patterns (only `*` and `?`, both crossing `/`) that match everything the glob matches and more:
 * the coarse net of native rules. The exact judgement stays with `contains`. Composed and decomposed Unicode both
 * appear, since OpenCode compares names as they come. A glob that is refused gives no pattern. */
export function nativePatterns(glob: string): string[] {
  const resolved = resolveGlob(glob);
  if (!resolved.ok) return [];
  const expanded = expandBraces(resolved.glob);
  if (!expanded.ok && expanded.code !== "undecided") return [];
  const prefix = literalPrefix(resolved.glob);
  const patterns = expanded.ok ? expanded.patterns.flatMap(patternsOf) : [prefix === "" ? "*" : `${prefix}/*`];
  return [...new Set(patterns.flatMap((pattern) => [pattern, pattern.normalize("NFD")]))];
}
