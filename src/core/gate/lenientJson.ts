import { type Json, type JsonObject, parseJson } from "./json.ts";

/** What sloppy JSON meant. */
export interface LenientResult {
  value: Json;
  /** Closing braces or brackets were missing at the end: the text may have been cut. */
  truncated: boolean;
  /** Anything else than missing closers was wrong. */
  sloppy: boolean;
}

/** Deeper nesting is refused: no tool takes it, and it would exhaust the stack. */
const DEEPEST = 100;
const WORDS: Readonly<Record<string, Json>> = {
  true: true,
  false: false,
  null: null,
  True: true,
  False: false,
  None: null,
};
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const BARE = /[A-Za-z_$][\w$-]*/y;
/** What may stand behind a whole value without meaning anything: closers, tags, a fence's end. */
const JUNK_BEHIND = /^(?:\s|[}\]]|<\/[\w.:-]+>|```|<\|[\w]+\|>)*$/;

/** Ends the reading: what follows cannot be known for sure. */
class Unreadable extends Error {}

/**
 * Reads JSON as models write it: single quotes, Python literals, bare keys, trailing commas, raw line breaks and wrong
 * escapes in strings, missing or surplus closers, a missing opening brace, a fence around it, the same object twice.
 * Where two meanings are possible it gives up: a wrong call is worse than an error the model can read.
 *
 * @returns undefined where the text cannot be read with one meaning only
 */
export function readLenient(text: string): LenientResult | undefined {
  const bare = text.replace(/^\s*```(?:json)?\s*\n/, "").trim();
  if (bare === "") return undefined;
  // vllm#35266: the first brace is lost on its way.
  const whole = /^"[^"\\\n]*"\s*:/.test(bare) ? `{${bare}` : bare;
  try {
    const read = new Reader(whole).document();
    return { ...read, sloppy: read.sloppy || whole !== text.trim() };
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}

class Reader {
  readonly #text: string;
  #at = 0;
  /** The closers that were due, each with the place where it was missed. */
  #missed: { at: number; closer: string }[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  document(): LenientResult {
    let value = this.#value(0);
    while (!JUNK_BEHIND.test(this.#text.slice(this.#at))) {
      // Servers that stream arguments twice, or an empty object before the real one.
      this.#space();
      if (this.#text[this.#at] !== "{") throw new Unreadable();
      const next = this.#value(0);
      if (JSON.stringify(value) !== "{}" && JSON.stringify(value) !== JSON.stringify(next)) throw new Unreadable();
      value = next;
    }
    const sloppy = parseJson(this.#completed()) === undefined;
    return { value, truncated: this.#missed.length > 0, sloppy };
  }

  #completed(): string {
    let text = "";
    let from = 0;
    for (const { at, closer } of this.#missed) {
      text += this.#text.slice(from, at) + closer;
      from = at;
    }
    return text + this.#text.slice(from);
  }

  #space(): void {
    while (/\s/.test(this.#text[this.#at] ?? "x")) this.#at += 1;
  }

  #value(depth: number): Json {
    if (depth > DEEPEST) throw new Unreadable();
    this.#space();
    const first = this.#text[this.#at];
    if (first === "{") return this.#object(depth);
    if (first === "[") return this.#array(depth);
    if (first === '"' || first === "'") return this.#string(first);
    NUMBER.lastIndex = this.#at;
    const number = NUMBER.exec(this.#text);
    if (number) {
      this.#at += number[0].length;
      // A number at the very end may have had more digits.
      if (this.#at >= this.#text.length) throw new Unreadable();
      return Number(number[0]);
    }
    BARE.lastIndex = this.#at;
    const word = BARE.exec(this.#text)?.[0] ?? "";
    const value = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
    if (value === undefined) throw new Unreadable();
    this.#at += word.length;
    return value;
  }

  /** True at the closer (taken) or at the end of the text, which then counts as cut. */
  #closed(closer: string): boolean {
    this.#space();
    const here = this.#text[this.#at];
    if (here === closer) {
      this.#at += 1;
      return true;
    }
    // The text ended, or an outer closer comes where an inner one was due.
    if (here !== undefined && here !== (closer === "}" ? "]" : "}")) return false;
    // A list that was cut may lack entries: another call than the meant one.
    if (here === undefined && closer === "]") throw new Unreadable();
    this.#missed.push({ at: this.#at, closer });
    return true;
  }

  #object(depth: number): JsonObject {
    const object: JsonObject = {};
    this.#at += 1;
    if (this.#closed("}")) return object;
    for (;;) {
      const key = this.#key();
      if (key === "__proto__") throw new Unreadable();
      this.#space();
      if (this.#text[this.#at] !== ":") throw new Unreadable();
      this.#at += 1;
      object[key] = this.#value(depth + 1);
      if (this.#closed("}")) return object;
      if (this.#text[this.#at] !== ",") throw new Unreadable();
      this.#at += 1;
      if (this.#closed("}")) return object;
    }
  }

  #key(): string {
    this.#space();
    const first = this.#text[this.#at];
    if (first === '"' || first === "'") return this.#string(first);
    BARE.lastIndex = this.#at;
    const word = BARE.exec(this.#text)?.[0];
    if (word === undefined) throw new Unreadable();
    this.#at += word.length;
    return word;
  }

  #array(depth: number): Json[] {
    const array: Json[] = [];
    this.#at += 1;
    if (this.#closed("]")) return array;
    for (;;) {
      array.push(this.#value(depth + 1));
      if (this.#closed("]")) return array;
      if (this.#text[this.#at] !== ",") throw new Unreadable();
      this.#at += 1;
      if (this.#closed("]")) return array;
    }
  }

  /** Up to the quote that opened it. A string without an end is never guessed: half a file could be written. */
  #string(quote: string): string {
    const start = this.#at + 1;
    let end = start;
    while (this.#text[end] !== quote) {
      if (end >= this.#text.length) throw new Unreadable();
      end += this.#text[end] === "\\" ? 2 : 1;
    }
    this.#at = end + 1;
    return unescaped(this.#text.slice(start, end));
  }
}

/**
 * The string behind its escapes. A wrong escape (`\d`, `C:\Users`) says that the backslashes are meant as they stand;
 * beside a right one both readings are possible, and it gives up.
 */
function unescaped(raw: string): string {
  if (!raw.includes("\\")) return raw;
  const escapes = raw.match(/\\(?:u[0-9a-fA-F]{4}|[\s\S])/g) ?? [];
  const wrong = escapes.filter((mark) => mark.length === 2 && !`"\\/bfnrt'`.includes(mark[1] ?? ""));
  if (wrong.length > 0) {
    if (wrong.length < escapes.length) throw new Unreadable();
    return raw;
  }
  return raw.replace(/\\(?:u([0-9a-fA-F]{4})|([\s\S]))/g, (_whole, code: string | undefined, letter: string) =>
    code === undefined ? (ESCAPES[letter] ?? letter) : String.fromCharCode(Number.parseInt(code, 16)),
  );
}
