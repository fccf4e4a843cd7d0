import { CharSet, DFA, type FAIterator, type ReadonlyDFA } from "refa";
import { MAX_CHAR, withOtherCase } from "./patternSyntax.ts";
import { PROTECTED_ANYWHERE, PROTECTED_PATHS } from "./protectedPaths.ts";

const SLASH = CharSet.fromCharacter(MAX_CHAR, 0x2f);
const CONTROL = CharSet.empty(MAX_CHAR).union([
  { min: 0, max: 0x1f },
  { min: 0x7f, max: 0x7f },
]);
/** What a name may consist of. */
const IN_A_NAME = CharSet.all(MAX_CHAR).without(CONTROL).without(SLASH);
/** ASCII that makes a name easy to read at its start, and everything beyond ASCII. */
const READABLE_START = CharSet.empty(MAX_CHAR).union([
  { min: 0x30, max: 0x39 },
  { min: 0x41, max: 0x5a },
  { min: 0x5f, max: 0x5f },
  { min: 0x61, max: 0x7a },
  { min: 0x80, max: MAX_CHAR },
]);

/** Names no segment may have; at the root the protected ones too. */
const NEVER = [".", "..", ...PROTECTED_ANYWHERE];
const FORBIDDEN = { first: [...NEVER, ...PROTECTED_PATHS], later: NEVER };

/** Where one stands in a path: in its first or a later segment, after `typed`; "*" once no forbidden name can follow. */
type Place = `${keyof typeof FORBIDDEN} ${string}`;

function parts(place: Place): { forbidden: readonly string[]; segment: keyof typeof FORBIDDEN; typed: string } {
  const [segment = "later", typed = ""] = place.split(" ") as [keyof typeof FORBIDDEN, string];
  return { forbidden: FORBIDDEN[segment], segment, typed };
}

function isName(place: Place): boolean {
  const { forbidden, typed } = parts(place);
  return typed !== "" && !forbidden.includes(typed);
}

function steps(place: Place, start: CharSet): ReadonlyMap<Place, CharSet> {
  const { forbidden, segment, typed } = parts(place);
  const out = new Map<Place, CharSet>();
  let other = typed === "" ? start : IN_A_NAME;
  const possible = typed === "*" ? [] : forbidden.filter((name) => name.startsWith(typed) && name !== typed);
  for (const next of new Set(possible.map((name) => name.charAt(typed.length)))) {
    const either = withOtherCase(CharSet.fromCharacter(MAX_CHAR, next.charCodeAt(0)));
    const via = either.intersect(other);
    if (!via.isEmpty) out.set(`${segment} ${typed}${next}`, via);
    other = other.without(either);
  }
  out.set(`${segment} *`, other);
  if (isName(place)) out.set("later ", SLASH);
  return out;
}

/**
 * The paths of which every name begins with `start` and none is forbidden. The automaton is written down state by state:
 * stating what is not allowed as a regular expression and complementing that took 0.3 s at every start.
 */
function pathsWithNames(start: CharSet): ReadonlyDFA {
  const places: FAIterator<Place, ReadonlyMap<Place, CharSet>> = {
    initial: "first ",
    getOut: (place) => steps(place, start),
    isFinal: isName,
    stableOut: true,
  };
  const dfa = DFA.fromTransitionIterator(places, { maxCharacter: MAX_CHAR });
  dfa.minimize();
  return dfa;
}

/**
 * A constant that is worked out when it is first asked for. Nothing outside can tell it from one made at import: what
 * `make` gives depends on nothing, so this is no state. It saves 25 ms of every start of the host, swarm or not.
 */
function atFirstUse<T>(make: () => T): () => T {
  let value: { made: T } | undefined;
  return () => {
    value ??= { made: make() };
    return value.made;
  };
}

/** Accepts the paths a scope can mean at all: clean, relative, not protected. Never changed. */
export const writablePaths: () => ReadonlyDFA = atFirstUse(() => pathsWithNames(IN_A_NAME));

/** The writable paths whose names all start with a letter, digit or `_`: preferred where an example is shown. */
export const readablePaths: () => ReadonlyDFA = atFirstUse(() => pathsWithNames(READABLE_START));
