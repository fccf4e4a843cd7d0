import { isDisjointWith, NFA, type ReadonlyNFA, TooManyNodesError } from "refa";
import type { GlobResult } from "./globText.ts";
import {
  expandBraces,
  firstWildcard,
  MAX_GLOB_LENGTH,
  refuse,
  refuseOutright,
  resolveSegments,
  unifySpelling,
} from "./globText.ts";
import { writablePaths } from "./pathAutomata.ts";
import { MAX_CHAR, patternSyntax, UndecidableSyntax } from "./patternSyntax.ts";
import { isProtectedPath } from "./protectedPaths.ts";
import type { ScopeOptions } from "./scopeOptions.ts";

/** Most states of one glob's automaton; ordinary globs have 10 to 60. */
const MAX_NODES = 1_500;
/** Most transitions per state, on average, of one glob's automaton: ordinary globs have 2, nested repetitions 50, and
 * comparing two of those took 14 s. */
const MAX_DENSITY = 8;
/** Most state pairs visited to compare two globs (about 50 ms at worst on the slowest machine tried). */
export const MAX_PRODUCT_NODES = 10_000;

/** A glob made ready to be asked many times. It is a value: keep it where it is used, nothing is remembered here. */
export interface CompiledGlob {
  /** As it was written. */
  readonly source: string;
  /** Plain text that every path of the glob starts with, one per brace-free pattern. */
  readonly prefixes: readonly string[];
  /** What was decided, as one automaton; undefined where nothing was. */
  readonly automaton: ReadonlyNFA | undefined;
  /** States of the automaton: what a comparison with it costs. */
  readonly states: number;
  /** Patterns with no exact automaton: what may lie behind the prefix is unknown. */
  readonly undecided: readonly { prefix: string; reason: string }[];
}

/** Resolves a glob as text alone: spelling, separators, dots. Protected paths are judged elsewhere. */
export function resolveGlob(source: string): GlobResult {
  if (source.length > MAX_GLOB_LENGTH) {
    return refuse("too-long", `it has ${source.length} characters; the limit is ${MAX_GLOB_LENGTH}`);
  }
  const text = unifySpelling(source);
  const refused = refuseOutright(text);
  if (refused) return refused;
  if (text.startsWith("!") && text[1] !== "(") {
    return refuse("negation", `\`${text}\` says what is left out; name what the Worker may write`);
  }
  return resolveSegments(text, "opaque");
}

function fixedPrefix(pattern: string): string {
  return pattern.slice(0, firstWildcard(pattern)).replace(/\/$/, "");
}

/** Compiles a glob. Never throws: what cannot be decided is listed in `undecided`, and an unusable glob (empty, out of
 * the project) is undecided as a whole, so that it counts as touching everything and contains nothing. */
export function compileGlob(source: string, options: ScopeOptions = {}): CompiledGlob {
  const resolved = resolveGlob(source);
  const expanded = resolved.ok ? expandBraces(resolved.glob) : resolved;
  const nothing = { source, automaton: undefined, states: 0 };
  if (!expanded.ok) return { ...nothing, prefixes: [""], undecided: [{ prefix: "", reason: expanded.reason }] };
  const undecided: { prefix: string; reason: string }[] = [];
  const syntaxes: ReturnType<typeof patternSyntax>[] = [];
  const prefixes = expanded.patterns.map(fixedPrefix);
  for (const pattern of expanded.patterns) {
    try {
      syntaxes.push(patternSyntax(pattern, options));
    } catch (error) {
      if (!(error instanceof UndecidableSyntax)) throw error;
      undecided.push({ prefix: fixedPrefix(pattern), reason: `\`${source}\` uses ${error.message}` });
    }
  }
  if (syntaxes.length === 0) return { ...nothing, prefixes, undecided };
  const built = buildAutomaton(syntaxes);
  if (built) return { source, prefixes, ...built, undecided };
  const reason = `\`${source}\` is too large to compare exactly`;
  return { ...nothing, prefixes, undecided: prefixes.map((prefix) => ({ prefix, reason })) };
}

function buildAutomaton(
  syntaxes: ReturnType<typeof patternSyntax>[],
): { automaton: ReadonlyNFA; states: number } | undefined {
  try {
    const factory = new NFA.LimitedNodeFactory(MAX_NODES);
    const automaton = NFA.fromRegex(syntaxes, { maxCharacter: MAX_CHAR }, {}, factory);
    let states = 0;
    let transitions = 0;
    for (const node of automaton.nodes()) {
      states += 1;
      transitions += node.out.size;
    }
    return transitions <= MAX_DENSITY * states + 200 ? { automaton, states } : undefined;
  } catch (error) {
    if (error instanceof TooManyNodesError) return undefined;
    throw error;
  }
}

/** Whether the glob can match nothing that a Worker may write. Undecided counts by its fixed prefix. */
export function matchesOnlyProtected(glob: CompiledGlob): boolean {
  if (!glob.undecided.every(({ prefix }) => isProtectedPath(prefix))) return false;
  if (glob.automaton === undefined) return true;
  try {
    return isDisjointWith(glob.automaton, writablePaths(), MAX_PRODUCT_NODES);
  } catch (error) {
    if (!(error instanceof TooManyNodesError)) throw error;
    return false;
  }
}
