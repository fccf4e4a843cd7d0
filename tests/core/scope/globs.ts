import fc from "fast-check";
import { minimatch } from "minimatch";

/** Short random globs over a tiny alphabet, so that many pairs overlap and many do not. */
const atom = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom("a", "b", "c", "ab", ".", "1") },
  { weight: 4, arbitrary: fc.constantFrom("*", "?") },
  {
    weight: 4,
    arbitrary: fc.constantFrom("[a-c]", "[!a-b]", "[!.a]", "[a-ab-b]", "{a,b}", "{a,b{1,2}}", "{1..3}", "{.a,b*}"),
  },
  { weight: 3, arbitrary: fc.constantFrom("@(a|b)", "+(a|bc)", "*(ab)", "?(a)", "@(a*|?c)", "+(@(a|b)c)") },
);

const name = fc
  .array(atom, { minLength: 1, maxLength: 3 })
  .map((atoms) => atoms.join(""))
  // A doubled star inside a name means one star; it is tested by example, since the oracles differ on it.
  .filter((text) => text !== "." && text !== ".." && !minimatch.braceExpand(text).some((one) => one.includes("**")));

const segment = fc.oneof({ weight: 5, arbitrary: name }, { weight: 1, arbitrary: fc.constant("**") });

export const glob = fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => segments.join("/"));

/** All names of up to `length` characters of `alphabet`, without `.` and `..`. */
function names(alphabet: string, length: number): string[] {
  let words = [""];
  const all: string[] = [];
  for (let size = 0; size < length; size++) {
    words = words.flatMap((word) => [...alphabet].map((char) => word + char));
    all.push(...words);
  }
  return all.filter((word) => word !== "." && word !== "..");
}

const short = names("abc.1", 2);
/** Every path of one or two names of up to two characters, and longer ones of one name or of tiny names. */
export const paths: readonly string[] = [
  ...names("abc.1", 3),
  ...short.flatMap((first) => short.map((second) => `${first}/${second}`)),
  ...names("ab", 1).flatMap((a) => names("abc", 2).flatMap((b) => names("ab.", 1).map((c) => `${a}/${b}/${c}`))),
];

const WILD = /[*?[{]|[@+]\(/;

/** A regular expression for one brace-free glob, written without the automata under test. */
function expression(pattern: string): RegExp {
  let source = "";
  const closers: string[] = [];
  const body = pattern
    .replace(/\*\*(?:\/\*\*)+/g, "**")
    .replace(/^\*\*$/, "≡")
    .replace(/\/\*\*$/, "↓")
    .replace(/(^|\/)\*\*\//g, "$1»");
  for (let at = 0; at < body.length; at++) {
    const char = body[at] ?? "";
    const group = body[at + 1] === "(" && "@+*?".includes(char);
    const bracket = /^\[(!?)([^\]]+)\]/.exec(body.slice(at));
    if (group) {
      source += "(?:";
      closers.push(char === "@" ? ")" : `)${char}`);
      at += 1;
    } else if (bracket) {
      source += bracket[1] === "!" ? `[^/${bracket[2]}]` : `[${bracket[2]}]`;
      at += bracket[0].length - 1;
    } else if (char === ")") source += closers.pop() ?? "\\)";
    else if (char === "|") source += "|";
    else if (char === "»") source += "(?:[^/]+/)*";
    else if (char === "↓") source += "(?:/.*)?";
    else if (char === "≡") source += ".*";
    else if (char === "*") source += "[^/]*";
    else if (char === "?") source += "[^/]";
    else source += char.replace(/[.+()^$\\]/, "\\$&");
  }
  return new RegExp(`^${source}${WILD.test(pattern) ? "" : "(?:/.*)?"}$`, "u");
}

/** The oracle: what the glob means, decided by JavaScript's regular expressions on a given path. */
export function oracle(text: string): (path: string) => boolean {
  const expressions = minimatch.braceExpand(text).map(expression);
  return (path) => expressions.some((one) => one.test(path));
}
