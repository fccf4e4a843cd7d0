import type { Concatenation, Element } from "refa";
import { CharSet, JS, type NoParent } from "refa";
import { endOfClass, endOfExtglob, firstWildcard, splitOutsideGroups } from "./globText.ts";
import type { ScopeOptions } from "./scopeOptions.ts";

/** Highest Unicode code point: globs are matched by code point, so `?` is one character of any script. */
export const MAX_CHAR = 0x10ffff;
/** No character beyond the first supplementary plane has another case (Unicode 15, CaseFolding.txt). */
const LAST_CASED = 0x1ffff;

type Part = NoParent<Element>;
type Sequence = NoParent<Concatenation>;

/** Raised inside this module's callers only: syntax that has no exact automaton here. The message names it. */
export class UndecidableSyntax extends Error {
  override readonly name = "UndecidableSyntax";
}

const SLASH = CharSet.fromCharacter(MAX_CHAR, 0x2f);
const NOT_SLASH = SLASH.negate();
const POSIX_CLASSES: Readonly<Record<string, string>> = {
  alpha: "AZaz",
  digit: "09",
  alnum: "09AZaz",
  upper: "AZ",
  lower: "az",
  xdigit: "09AFaf",
  word: "09AZ__az",
};

export function sequence(elements: Part[]): Sequence {
  return { type: "Concatenation", elements };
}

export function oneOf(characters: CharSet): Part {
  return { type: "CharacterClass", characters };
}

export function repeat(elements: Part[], min: number, max: number): Part {
  return { type: "Quantifier", alternatives: [sequence(elements)], min, max, lazy: false };
}

export function either(alternatives: Sequence[]): Part {
  return { type: "Alternation", alternatives };
}

/** The characters of `set` and those that differ from them in case only. */
export function withOtherCase(set: CharSet): CharSet {
  const folding = JS.getCharCaseFolding(true, true);
  let folded = set;
  for (const { min, max } of set.ranges) {
    for (let char = min; char <= Math.min(max, LAST_CASED); char++) {
      const same = folding.toCharSet(folding.canonicalize?.(char) ?? char);
      if (!folded.isSupersetOf(same)) folded = folded.union(same);
    }
  }
  return folded;
}

/** The characters of `text`, one after the other. */
export function literal(text: string, options: ScopeOptions): Part[] {
  return [...text].map((char) => {
    const set = CharSet.fromCharacter(MAX_CHAR, char.codePointAt(0) ?? 0);
    return oneOf(options.caseInsensitive ? withOtherCase(set) : set);
  });
}

type Bracket = { set: CharSet; negated: boolean; onlyRanges: boolean };

/** Reads the inside of a bracket expression; undefined where a range runs backwards. */
function readBracket(body: string): Bracket | undefined {
  const negated = body.startsWith("!") || body.startsWith("^");
  let rest = negated ? body.slice(1) : body;
  let set = CharSet.empty(MAX_CHAR);
  let onlyRanges = true;
  while (rest !== "") {
    if (/^\[[.=]/.test(rest)) throw new UndecidableSyntax("collating elements in a bracket expression");
    const posix = /^\[:([a-z]+):\]/.exec(rest);
    if (posix) {
      const bounds = POSIX_CLASSES[posix[1] ?? ""];
      if (bounds === undefined) throw new UndecidableSyntax(`the character class \`${posix[0]}\``);
      for (let at = 0; at < bounds.length; at += 2) {
        set = set.union([{ min: bounds.charCodeAt(at), max: bounds.charCodeAt(at + 1) }]);
      }
      rest = rest.slice(posix[0].length);
      continue;
    }
    const [low = "", dash, high] = [...rest].slice(0, 3);
    const isRange = dash === "-" && high !== undefined;
    const min = low.codePointAt(0) ?? 0;
    const max = isRange ? (high.codePointAt(0) ?? 0) : min;
    if (max < min) return undefined;
    set = set.union([{ min, max }]);
    onlyRanges &&= isRange;
    rest = rest.slice(isRange ? low.length + 1 + high.length : low.length);
  }
  return { set, negated, onlyRanges };
}

/** `[id]` is a class and, because frameworks name route folders so, also its own text; `[a-m]` and `[!x]` are classes
 * only. picomatch reads brackets the same way. */
function bracketPart(text: string, options: ScopeOptions): Part[] {
  const bracket = readBracket(text.slice(1, -1));
  if (bracket === undefined) return literal(text, options);
  const set = options.caseInsensitive ? withOtherCase(bracket.set) : bracket.set;
  if (bracket.negated) return [oneOf(set.negate().without(SLASH))];
  if (bracket.onlyRanges) return [oneOf(set.without(SLASH))];
  return [either([sequence([oneOf(set.without(SLASH))]), sequence(literal(text, options))])];
}

function extglobPart(text: string, options: ScopeOptions): Part {
  const sign = text[0];
  if (sign === "!") throw new UndecidableSyntax(`the negation \`${text}\``);
  const alternatives = splitOutsideGroups(text.slice(2, -1), "|", "expanded").map((inner) => {
    if (/(^|\/)\*\*(\/|$)/.test(inner)) throw new UndecidableSyntax(`\`**\` inside \`${text}\``);
    return sequence(textParts(inner, options));
  });
  if (sign === "@") return either(alternatives);
  const [min, max] = sign === "?" ? [0, 1] : sign === "+" ? [1, Infinity] : [0, Infinity];
  return { type: "Quantifier", alternatives, min, max, lazy: false };
}

/** Everything but the meaning of a whole `**` segment. */
function textParts(text: string, options: ScopeOptions): Part[] {
  const parts: Part[] = [];
  for (let at = 0; at < text.length; ) {
    const groupEnd = endOfExtglob(text, at);
    const classEnd = text[at] === "[" ? endOfClass(text, at) : undefined;
    if (groupEnd !== undefined) {
      parts.push(extglobPart(text.slice(at, groupEnd), options));
      at = groupEnd;
    } else if (classEnd !== undefined) {
      parts.push(...bracketPart(text.slice(at, classEnd), options));
      at = classEnd;
    } else if (text[at] === "*") {
      if (text[at - 1] !== "*") parts.push(repeat([oneOf(NOT_SLASH)], 0, Infinity));
      at += 1;
    } else if (text[at] === "?") {
      parts.push(oneOf(NOT_SLASH));
      at += 1;
    } else {
      const char = String.fromCodePoint(text.codePointAt(at) ?? 0);
      parts.push(...literal(char, options));
      at += char.length;
    }
  }
  return parts;
}

const segment = (): Part => repeat([oneOf(NOT_SLASH)], 1, Infinity);

/** Translates one resolved, brace-free pattern into a regular expression over code points, as refa's syntax tree.
 * A pattern without a wildcard also stands for everything below it, and so does a final `**`, which matches the
 * directory's own name too: two Workers may not own `a` and `a/**`.
 * @throws UndecidableSyntax */
export function patternSyntax(pattern: string, options: ScopeOptions): Sequence {
  const segments = splitOutsideGroups(pattern, "/", "expanded");
  const below = repeat([oneOf(SLASH), segment()], 0, Infinity);
  const parts: Part[] = [];
  let pendingSlash = false;
  for (const [index, text] of segments.entries()) {
    const last = index === segments.length - 1;
    if (text === "**") {
      if (last) parts.push(...(pendingSlash ? [below] : [segment(), below]));
      else {
        if (pendingSlash) parts.push(oneOf(SLASH));
        parts.push(repeat([segment(), oneOf(SLASH)], 0, Infinity));
        pendingSlash = false;
      }
      continue;
    }
    if (pendingSlash) parts.push(oneOf(SLASH));
    parts.push(...textParts(text, options));
    pendingSlash = true;
  }
  if (firstWildcard(pattern) === pattern.length) parts.push(below);
  return sequence(parts);
}
