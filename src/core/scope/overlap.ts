import type { ReadonlyDFA, ReadonlyNFA } from "refa";
import { FAIterators, getIntersectionIterator, isDisjointWith, NFA, TooManyNodesError, Words } from "refa";
import { type CompiledGlob, compileGlob, MAX_PRODUCT_NODES } from "./compiledGlob.ts";
import { readablePaths, writablePaths } from "./pathAutomata.ts";
import type { ScopeOptions } from "./scopeOptions.ts";

/** What two globs share: a path both match, or that it cannot be decided (which counts as an overlap) and why. */
export type Overlap = { witness: string } | { undecided: true; reason: string };
/** Most state pairs (product of the automata's sizes) compared for two scopes. Two Workers with ten ordinary globs
 * each need 100,000 at most; the bound keeps hostile scopes from holding up the host for minutes. */
const MAX_SCOPE_WORK = 2_000_000;

/** The first overlapping globs of two scopes. */
export type ScopeOverlap = { globA: string; globB: string; witness?: string; undecided?: true; reason?: string };

/** Whether one path could start with both texts; where it could not, two globs are disjoint without more ado. */
function mayMeet(a: string, b: string, options: ScopeOptions): boolean {
  // Folding may change a text's length ("ß", "İ"), so a prefix says nothing where case does not count.
  return options.caseInsensitive === true || a.startsWith(b) || b.startsWith(a);
}

function prefixesMeet(a: CompiledGlob, b: CompiledGlob, options: ScopeOptions): boolean {
  return a.prefixes.some((left) => b.prefixes.some((right) => mayMeet(left, right, options)));
}

function shortestPath(shared: ReadonlyNFA, paths: ReadonlyDFA): string | undefined {
  const word = FAIterators.shortestWordSet(getIntersectionIterator(shared, paths, MAX_PRODUCT_NODES));
  return word && Words.fromUnicodeToString(Words.pickMostReadableWord(word));
}

function decidedOverlap(a: ReadonlyNFA, b: ReadonlyNFA): string | undefined {
  if (isDisjointWith(a, b, MAX_PRODUCT_NODES)) return undefined;
  const shared = NFA.fromIntersection(a, b, new NFA.LimitedNodeFactory(MAX_PRODUCT_NODES));
  return shortestPath(shared, readablePaths()) ?? shortestPath(shared, writablePaths());
}

/**
 * `overlap` for globs that were compiled with the same options before.
 * @internal
 */
export function compiledOverlap(a: CompiledGlob, b: CompiledGlob, options: ScopeOptions = {}): Overlap | undefined {
  if (!prefixesMeet(a, b, options)) return undefined;
  if (a.automaton && b.automaton) {
    try {
      const witness = decidedOverlap(a.automaton, b.automaton);
      if (witness !== undefined) return { witness };
    } catch (error) {
      if (!(error instanceof TooManyNodesError)) throw error;
      return { undecided: true, reason: `\`${a.source}\` and \`${b.source}\` are too large to compare exactly` };
    }
  }
  for (const [one, other] of [[a, b] as const, [b, a] as const]) {
    const open = one.undecided.find(({ prefix }) => other.prefixes.some((text) => mayMeet(prefix, text, options)));
    if (open) return { undecided: true, reason: open.reason };
  }
  return undefined;
}

/** Whether two globs can match the same writable path: the shortest readable one as `witness`, `undecided` where no
 * exact answer exists (negated extended globs, unusable or outsized globs), undefined where they are disjoint. */
export function overlap(globA: string, globB: string, options: ScopeOptions = {}): Overlap | undefined {
  return compiledOverlap(compileGlob(globA, options), compileGlob(globB, options), options);
}

/**
 * `scopesOverlap` for compiled scopes.
 * @internal
 */
export function compiledScopesOverlap(
  a: readonly CompiledGlob[],
  b: readonly CompiledGlob[],
  options: ScopeOptions = {},
): ScopeOverlap | undefined {
  let work = 0;
  for (const left of a) {
    for (const right of b) {
      if (!prefixesMeet(left, right, options)) continue;
      work += left.states * right.states;
      const found: Overlap | undefined =
        work > MAX_SCOPE_WORK
          ? { undecided: true, reason: "the two scopes have too many patterns to compare exactly" }
          : compiledOverlap(left, right, options);
      if (found) return { globA: left.source, globB: right.source, ...found };
    }
  }
  return undefined;
}

/** The first pair of globs, one of each scope, that overlap or cannot be decided; undefined where the scopes are disjoint. */
export function scopesOverlap(
  a: readonly string[],
  b: readonly string[],
  options: ScopeOptions = {},
): ScopeOverlap | undefined {
  const compile = (glob: string) => compileGlob(glob, options);
  return compiledScopesOverlap(a.map(compile), b.map(compile), options);
}
