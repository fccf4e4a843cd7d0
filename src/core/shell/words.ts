/** A part of a shell word. Text keeps whether it was quoted: only unquoted text is split and globbed. */
export type Piece =
  | { kind: "text"; value: string; quoted: boolean }
  | { kind: "variable"; name: string; fallback: string | undefined; quoted: boolean }
  | { kind: "commands"; list: readonly ShellCommand[]; quoted: boolean };

export interface Word {
  pieces: Piece[];
}

/** A simple command: assignments still stand in front of `words`, redirections are taken out. */
export interface ShellCommand {
  words: Word[];
  /** Text a here-document or here-string gives to standard input. */
  input: Word[];
  /** Words behind `>` and `>>`. */
  outputs: Word[];
  /** Commands whose standard output this one reads through a pipe. */
  pipedFrom: readonly ShellCommand[];
}

/** Substitutions nested deeper than this are read as plain text, so that no input can exhaust the stack. */
export const MAX_DEPTH = 40;

/** Characters that end a word and a command. */
export const SEPARATORS = new Set(["\n", ";", "&", "|", "(", ")"]);

/** The word's text where it has no expansion; expansions count as nothing. */
export function literalText(word: Word | undefined): string {
  return (word?.pieces ?? []).map((piece) => (piece.kind === "text" ? piece.value : "")).join("");
}

/** Reads the words of shell text: quotes and expansions. What commands are is told by whoever reads those. */
export abstract class WordReader {
  protected at = 0;
  protected depth: number;
  protected readonly text: string;

  constructor(text: string, depth: number) {
    this.text = text;
    this.depth = depth;
  }

  /** Commands from here to the `)` that closes their substitution, which is consumed. */
  protected abstract substituted(): ShellCommand[];

  /** Commands of the text that stood between backquotes. */
  protected abstract backquotedCommands(text: string): ShellCommand[];

  protected peek(ahead = 0): string {
    return this.text[this.at + ahead] ?? "";
  }

  protected word(): Word {
    const pieces: Piece[] = [];
    let plain = "";
    const flush = () => {
      if (plain !== "") pieces.push({ kind: "text", value: plain, quoted: false });
      plain = "";
    };
    while (this.at < this.text.length) {
      const c = this.peek();
      if (c === "\\") {
        if (this.peek(1) !== "\n") {
          flush();
          pieces.push({ kind: "text", value: this.peek(1), quoted: true });
        }
        this.at += 2;
      } else if (c === "'") {
        flush();
        const end = this.text.indexOf("'", this.at + 1);
        const stop = end < 0 ? this.text.length : end;
        pieces.push({ kind: "text", value: this.text.slice(this.at + 1, stop), quoted: true });
        this.at = stop + 1;
      } else if (c === '"') {
        flush();
        this.at++;
        this.quoted(pieces, '"');
      } else if (c === "$" && this.peek(1) === "'") {
        flush();
        this.at += 2;
        pieces.push({ kind: "text", value: this.ansiString(), quoted: true });
      } else if (c === "$" && this.peek(1) === '"') {
        this.at++;
      } else if ((c === "<" || c === ">") && this.peek(1) === "(" && pieces.length === 0 && plain === "") {
        this.at++;
        this.substitution(pieces, false);
      } else if (c === "$" || c === "`") {
        flush();
        plain += this.expansion(pieces, false);
      } else if (c === " " || c === "\t" || c === "\r" || c === "<" || c === ">" || SEPARATORS.has(c)) {
        break;
      } else {
        plain += c;
        this.at++;
      }
    }
    flush();
    return { pieces };
  }

  /** Inside double quotes (or a here-document, `close` empty) up to the closing quote, which is consumed. */
  protected quoted(pieces: Piece[], close: string): void {
    let plain = "";
    const flush = () => {
      pieces.push({ kind: "text", value: plain, quoted: true });
      plain = "";
    };
    while (this.at < this.text.length) {
      const c = this.peek();
      if (c === close) {
        this.at++;
        break;
      }
      if (c === "\\" && '$`"\\\n'.includes(this.peek(1)) && this.peek(1) !== "") {
        if (this.peek(1) !== "\n") plain += this.peek(1);
        this.at += 2;
      } else if (c === "$" || c === "`") {
        flush();
        plain += this.expansion(pieces, true);
      } else {
        plain += c;
        this.at++;
      }
    }
    flush();
  }

  /** Reads one `$…` or backquote expansion; what turns out to be plain text is returned. */
  private expansion(pieces: Piece[], quoted: boolean): string {
    if (this.peek() === "`") {
      const raw = this.backquoted();
      if (this.depth >= MAX_DEPTH) return raw;
      pieces.push({ kind: "commands", list: this.backquotedCommands(raw), quoted });
      return "";
    }
    if (this.peek(1) === "(" && this.depth < MAX_DEPTH) {
      this.at++;
      this.substitution(pieces, quoted);
      return "";
    }
    if (this.peek(1) === "{") {
      this.bracedVariable(pieces, quoted);
      return "";
    }
    const name = /^[A-Za-z_][A-Za-z0-9_]*|^[0-9@*#?$!-]/.exec(this.text.slice(this.at + 1, this.at + 65))?.[0];
    this.at += 1 + (name?.length ?? 0);
    if (name === undefined) return "$";
    pieces.push({ kind: "variable", name, fallback: undefined, quoted });
    return "";
  }

  private substitution(pieces: Piece[], quoted: boolean): void {
    this.at++;
    if (this.depth >= MAX_DEPTH) return;
    this.depth++;
    pieces.push({ kind: "commands", list: this.substituted(), quoted });
    this.depth--;
  }

  private backquoted(): string {
    let raw = "";
    this.at++;
    while (this.at < this.text.length && this.peek() !== "`") {
      if (this.peek() === "\\" && "`\\$".includes(this.peek(1))) this.at++;
      raw += this.peek();
      this.at++;
    }
    this.at++;
    return raw;
  }

  /** `${name}`, `${name:-default}`; a default may itself run commands, so it is read as a word would be. */
  private bracedVariable(pieces: Piece[], quoted: boolean): void {
    this.at += 2;
    const name = /^[!#]?[A-Za-z_0-9@*]*/.exec(this.text.slice(this.at, this.at + 65))?.[0] ?? "";
    this.at += name.length;
    const variable: Piece = { kind: "variable", name, fallback: undefined, quoted };
    pieces.push(variable);
    const inner: Piece[] = [];
    let plain = "";
    while (this.at < this.text.length && this.peek() !== "}") {
      if (this.peek() === "$" || this.peek() === "`") plain += this.nestedExpansion(inner, quoted);
      else {
        plain += this.peek();
        this.at++;
      }
    }
    this.at++;
    variable.fallback = /^:?[-=+]/.test(plain) ? plain.replace(/^:?[-=+]/, "").replace(/["']/g, "") : undefined;
    // Any other operator (substring, replacement) makes the value unknowable here.
    if (plain !== "" && variable.fallback === undefined) variable.name = "?";
    pieces.push(...inner.filter((piece) => piece.kind === "commands"));
  }

  private nestedExpansion(pieces: Piece[], quoted: boolean): string {
    if (this.depth >= MAX_DEPTH) {
      this.at++;
      return "$";
    }
    this.depth++;
    const plain = this.expansion(pieces, quoted);
    this.depth--;
    return plain;
  }

  private ansiString(): string {
    let value = "";
    while (this.at < this.text.length && this.peek() !== "'") {
      if (this.peek() !== "\\") {
        value += this.peek();
        this.at++;
        continue;
      }
      const rest = this.text.slice(this.at, this.at + 10);
      const code =
        /^\\x([0-9a-fA-F]{1,2})/.exec(rest) ?? /^\\u([0-9a-fA-F]{1,4})/.exec(rest) ?? /^\\([0-7]{1,3})/.exec(rest);
      if (code?.[1] !== undefined) {
        const base = /^\\[0-7]/.test(rest) ? 8 : 16;
        value += String.fromCharCode(Number.parseInt(code[1], base));
        this.at += code[0].length;
      } else {
        const letter = this.peek(1);
        value += { n: "\n", t: "\t", r: "\r" }[letter] ?? letter;
        this.at += 2;
      }
    }
    this.at++;
    return value;
  }
}
