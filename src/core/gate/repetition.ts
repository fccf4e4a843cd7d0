import type { RunawayKind } from "./report.ts";

/**
 * Closers of call formats in a row that no text needs; two calls' ends are four (vllm#25549 and its kin go on for ever).
 */
export const MOST_CALL_CLOSERS = 16;
/** Closers of any kind in a row: deep markup of a page stays below. */
export const MOST_CLOSERS = 150;
/** One character in a row: rules and padding in real files are shorter (vllm#53305: endless `!`). */
export const LONGEST_RUN = 800;
/** Blank characters in a row. */
export const LONGEST_BLANK_RUN = 4000;
/** Characters that are looked at together for a repeated piece; about 1,000 tokens. */
export const REPEAT_WINDOW = 4096;
/** Longest piece that counts as repeated; it then stands at least eight times in a row. */
export const LONGEST_PIECE = 512;
/** Up to this length a repeated piece is called a token, above it a line. */
const TOKEN_LENGTH = 16;
/** Characters of one turn. Qwen3-Coder's recommended output limit is 65,536 tokens, here taken at 12 characters each. */
export const LONGEST_TURN = 786_432;

const CALL_CLOSER = /^(?:parameter|function|tool_call|tool_calls|invoke|parameters|function_calls|arguments)$/;
/** A closer and the blank before it; in arguments a line end is the two characters `\n`. */
const CLOSER = /(?:\s|\\[nrt])*<\/([\w.:-]{1,40})>/y;
const CLOSER_BEGUN = /^(?:\s|\\[nrt]|\\$)*(?:<(?:\/[\w.:-]{0,40})?)?$/;

/** Watches one text as it grows for repetition without end. */
export interface RepetitionWatch {
  /** Takes the next piece; says what runs away once it is beyond doubt. */
  add(piece: string): RunawayKind | undefined;
}

export function watchRepetition(): RepetitionWatch {
  let length = 0;
  let run = { code: -1, length: 0 };
  let window = "";
  const closers = watchClosers();
  return {
    add(piece) {
      if (piece === "") return undefined;
      length += piece.length;
      if (length > LONGEST_TURN) return "noEnd";
      run = grownRun(run, piece);
      const blank = run.code === 32 || run.code === 10 || run.code === 9;
      if (run.length > (blank ? LONGEST_BLANK_RUN : LONGEST_RUN)) return "repeatedToken";
      if (closers.add(piece)) return "closingTags";
      window += piece;
      if (window.length < REPEAT_WINDOW) return undefined;
      const period = shortestPeriod(window);
      window = "";
      if (period > LONGEST_PIECE) return undefined;
      return period <= TOKEN_LENGTH ? "repeatedToken" : "repeatedLine";
    },
  };
}

function grownRun(run: { code: number; length: number }, piece: string): { code: number; length: number } {
  const code = piece.charCodeAt(piece.length - 1);
  let start = piece.length - 1;
  while (start > 0 && piece.charCodeAt(start - 1) === code) start -= 1;
  const length = piece.length - start;
  return start === 0 && code === run.code ? { code, length: run.length + length } : { code, length };
}

function watchClosers(): { add(piece: string): boolean } {
  let rest = "";
  let row = 0;
  let callRow = 0;
  return {
    add(piece) {
      if (row === 0 && rest === "" && !piece.includes("<")) return false;
      rest += piece;
      let at = 0;
      while (at < rest.length) {
        CLOSER.lastIndex = at;
        const closer = CLOSER.exec(rest);
        if (closer) {
          at += closer[0].length;
          row += 1;
          callRow = CALL_CLOSER.test(closer[1] ?? "") ? callRow + 1 : 0;
          if (row > MOST_CLOSERS || callRow > MOST_CALL_CLOSERS) return true;
          continue;
        }
        if (CLOSER_BEGUN.test(rest.slice(at, at + 200))) break;
        row = 0;
        callRow = 0;
        const next = rest.indexOf("<", at + 1);
        at = next < 0 ? rest.length : next;
      }
      // Blank space before a closer means nothing by its amount.
      rest = rest.slice(at).replace(/^\s{64,}/, " ");
      return false;
    },
  };
}

/** The length of the shortest piece whose repetition the whole text is (its last copy may be cut). */
function shortestPeriod(text: string): number {
  const failure = new Uint16Array(text.length > 65_535 ? 0 : text.length);
  if (failure.length === 0) return text.length;
  for (let at = 1, matched = 0; at < text.length; at += 1) {
    while (matched > 0 && text.charCodeAt(at) !== text.charCodeAt(matched)) matched = failure[matched - 1] ?? 0;
    if (text.charCodeAt(at) === text.charCodeAt(matched)) matched += 1;
    failure[at] = matched;
  }
  return text.length - (failure[text.length - 1] ?? 0);
}
