import type { Piece, ShellCommand, Word } from "./words.ts";

/** Stands for text that only the running shell would know. Never occurs in a command a model writes. */
export const UNKNOWN = "\u0001";

/** Values longer than this are not followed: doubling assignments would otherwise grow without end. */
const MAX_VALUE = 20_000;

/** Variables whose value is known from a plain assignment earlier in the same command. */
export type Variables = Map<string, string>;

/** The fields a word becomes: expansions replaced where known, unquoted values split, `{a,b}` spread out. */
export function expandWord(word: Word, variables: Variables): string[] {
  const fields: string[] = [];
  let current: string | undefined;
  for (const piece of word.pieces) {
    const value = pieceText(piece, variables);
    const splits = piece.kind !== "text" && !piece.quoted;
    if (!splits) {
      current = (current ?? "") + value;
      continue;
    }
    const parts = value.split(/[ \t\n]+/);
    parts.forEach((part, i) => {
      if (i > 0 && current !== undefined) {
        fields.push(current);
        current = undefined;
      }
      if (part !== "" || (i === 0 && current !== undefined)) current = (current ?? "") + part;
    });
    if (/[ \t\n]$/.test(value) && current !== undefined) {
      fields.push(current);
      current = undefined;
    }
  }
  if (current !== undefined) fields.push(current);
  const only = word.pieces.length === 1 ? word.pieces[0] : undefined;
  const braces = only?.kind === "text" && !only.quoted ? /^\{([^{}]*,[^{}]*)\}$/.exec(only.value)?.[1] : undefined;
  return braces === undefined ? fields : braces.split(",");
}

/** The word as one string, nothing split (an assignment's value, a here-document). */
export function wordText(word: Word, variables: Variables): string {
  return word.pieces
    .map((piece) => pieceText(piece, variables))
    .join("")
    .slice(0, MAX_VALUE);
}

function pieceText(piece: Piece, variables: Variables): string {
  if (piece.kind === "text") return piece.value;
  if (piece.kind === "commands") return printedBy(piece.list, variables) ?? UNKNOWN;
  // Unset or not, IFS separates: `git${IFS}commit` is a known way around naive matching.
  if (piece.name === "IFS") return " ";
  return variables.get(piece.name) ?? piece.fallback ?? UNKNOWN;
}

/** What a list of commands prints, where that is plain: only echo, printf and here-documents through cat. */
export function printedBy(list: readonly ShellCommand[], variables: Variables): string | undefined {
  const printed: string[] = [];
  for (const command of list) {
    const words = command.words.flatMap((word) => expandWord(word, variables));
    const program = words[0] ?? "";
    if (program === "echo")
      printed.push(
        words
          .slice(1)
          .filter((word) => !/^-[neE]+$/.test(word))
          .join(" "),
      );
    else if (program === "printf") printed.push(printfText(words.slice(1)));
    else if (program === "cat" && command.input.length > 0) {
      printed.push(command.input.map((word) => wordText(word, variables)).join("\n"));
    } else if (program !== "}") return undefined;
  }
  return printed.length === 0 ? undefined : printed.join("\n").slice(0, MAX_VALUE);
}

function printfText(args: readonly string[]): string {
  const [format = "", ...values] = args[0] === "--" ? args.slice(1) : args;
  const rest = [...values];
  let text = format.replace(/%[sbq]/g, () => rest.shift() ?? "");
  if (rest.length > 0) text += ` ${rest.join(" ")}`;
  return text
    .replace(/\\n/g, "\n")
    .replace(/\\t/g, "\t")
    .replace(/\\x([0-9a-fA-F]{1,2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** Whether a command word could name `program`: its last path segment equals it, globs and unknown parts allowed. */
export function mayName(word: string, program: string): boolean {
  const base = word.slice(word.lastIndexOf("/") + 1);
  if (base === program || base === `${program}.exe`) return true;
  if (base.length > 64 || base.replaceAll(UNKNOWN, "") === "") return false;
  if (!/[*?[]/.test(base) && !base.includes(UNKNOWN)) return false;
  return globMatches(base, program);
}

/** Matches `*`, `?`, `[…]` and unknown parts against a short name; quadratic in two bounded lengths. */
function globMatches(pattern: string, name: string): boolean {
  let reachable = new Set([0]);
  let i = 0;
  while (i < pattern.length) {
    const c = pattern[i];
    const next = new Set<number>();
    const close = c === "[" ? pattern.indexOf("]", i + 2) : -1;
    if (c === "*" || c === UNKNOWN) {
      const from = Math.min(...reachable);
      for (let at = from; at <= name.length; at++) next.add(at);
      i++;
    } else if (close > 0) {
      const members = pattern.slice(i + 1, close);
      const negated = /^[!^]/.test(members);
      for (const at of reachable) {
        const letter = name[at];
        if (letter !== undefined && (members.includes("-") || members.includes(letter) !== negated)) next.add(at + 1);
      }
      i = close + 1;
    } else {
      for (const at of reachable) if (at < name.length && (c === "?" || name[at] === c)) next.add(at + 1);
      i++;
    }
    if (next.size === 0) return false;
    reachable = next;
  }
  return reachable.has(name.length);
}
