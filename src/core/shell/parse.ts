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
const MAX_DEPTH = 40;

const SEPARATORS = new Set(["\n", ";", "&", "|", "(", ")"]);

/**
 * Splits POSIX shell text (with bash's `$'…'`, `<<<`, `<(…)`) into its simple commands, in order of appearance.
 * Total over arbitrary text: unclosed quotes end at the end of the text, nothing throws, one pass from left to right.
 */
export function parseShell(text: string, depth = 0): ShellCommand[] {
  return new Parser(text, depth).list(false);
}

class Parser {
  private at = 0;
  private depth: number;
  private readonly text: string;
  private pendingHeredocs: { delimiter: string; stripTabs: boolean; literal: boolean; command: ShellCommand }[] = [];

  constructor(text: string, depth: number) {
    this.text = text;
    this.depth = depth;
  }

  /** Reads commands up to the end, or to the `)` that closes a substitution. */
  list(closable: boolean): ShellCommand[] {
    const done: ShellCommand[] = [];
    const groups: number[] = [];
    let piped: readonly ShellCommand[] = [];
    let current = emptyCommand();
    let opened = 0;
    const finish = (): readonly ShellCommand[] => {
      if (current.words.length === 0 && current.input.length === 0 && current.outputs.length === 0) return [];
      const finished = current;
      finished.pipedFrom = piped;
      done.push(finished);
      current = emptyCommand();
      piped = [];
      const isBrace = (brace: string) => finished.words.length === 1 && literalText(finished.words[0]) === brace;
      return isBrace("}") ? done.slice(groups.pop() ?? 0) : [finished];
    };
    let closedGroup: readonly ShellCommand[] = [];
    while (this.at < this.text.length) {
      const c = this.peek();
      if (c === "\\" && this.peek(1) === "\n") this.at += 2;
      else if (c === " " || c === "\t" || c === "\r") this.at++;
      else if (c === "#") this.skipComment();
      else if ((c === "<" || c === ">") && this.peek(1) === "(") current.words.push(this.word());
      else if (c === "<" || c === ">" || (c === "&" && this.peek(1) === ">")) this.redirection(current);
      else if (c === ")") {
        this.at++;
        const last = finish();
        if (closable && opened === 0) return done;
        opened = Math.max(0, opened - 1);
        closedGroup = last.length > 0 || groups.length > 0 ? done.slice(groups.pop() ?? 0) : [];
      } else if (c === "(") {
        this.at++;
        finish();
        opened++;
        groups.push(done.length);
      } else if (SEPARATORS.has(c)) {
        this.at++;
        const last = finish();
        const isPipe = c === "|" && this.peek() !== "|";
        if (isPipe) {
          piped = last.length > 0 ? last : closedGroup;
          if (this.peek() === "&") this.at++;
        } else if (c === "|") this.at++;
        closedGroup = [];
        if (c === "\n") this.readHeredocs();
      } else {
        const word = this.word();
        const isDescriptor = (this.peek() === "<" || this.peek() === ">") && /^\d+$/.test(literalText(word));
        if (isDescriptor) continue;
        if (current.words.length === 0 && literalText(word) === "{") groups.push(done.length);
        else current.words.push(word);
      }
    }
    finish();
    return done;
  }

  private peek(ahead = 0): string {
    return this.text[this.at + ahead] ?? "";
  }

  private skipComment(): void {
    const end = this.text.indexOf("\n", this.at);
    this.at = end < 0 ? this.text.length : end;
  }

  private redirection(command: ShellCommand): void {
    const operator = this.operator();
    if (operator === "<<<") {
      this.skipBlanks();
      command.input.push(this.word());
      return;
    }
    if (operator.startsWith("<<")) {
      this.skipBlanks();
      const word = this.word();
      const literal = word.pieces.some((piece) => piece.quoted);
      this.pendingHeredocs.push({
        delimiter: literalText(word),
        stripTabs: operator === "<<-",
        literal,
        command,
      });
      return;
    }
    this.skipBlanks();
    const target = this.word();
    if (operator.includes(">")) command.outputs.push(target);
    // `< <(…)`: what runs inside counts, so it stays with the command as a word that no verb can be.
    else if (target.pieces.some((piece) => piece.kind === "commands")) command.input.push(target);
  }

  private operator(): string {
    for (const operator of ["<<<", "<<-", "&>>", "<<", ">>", "&>", "<>", ">|", ">&", "<&", "<", ">"]) {
      if (this.text.startsWith(operator, this.at)) {
        this.at += operator.length;
        return operator;
      }
    }
    this.at++;
    return "";
  }

  private skipBlanks(): void {
    while (this.peek() === " " || this.peek() === "\t") this.at++;
  }

  private readHeredocs(): void {
    const pending = this.pendingHeredocs;
    this.pendingHeredocs = [];
    for (const { delimiter, stripTabs, literal, command } of pending) {
      const lines: string[] = [];
      while (this.at < this.text.length) {
        const newline = this.text.indexOf("\n", this.at);
        const end = newline < 0 ? this.text.length : newline;
        const raw = this.text.slice(this.at, end);
        this.at = Math.min(end + 1, this.text.length);
        const line = stripTabs ? raw.replace(/^\t+/, "") : raw;
        if (line === delimiter) break;
        lines.push(line);
      }
      const body = lines.join("\n");
      const inner = literal || this.depth >= MAX_DEPTH ? undefined : new Parser(body, this.depth + 1);
      command.input.push(inner ? inner.heredocWord() : { pieces: [{ kind: "text", value: body, quoted: true }] });
    }
  }

  /** The whole text as one double-quoted word: expansions count, quotes do not. */
  private heredocWord(): Word {
    const pieces: Piece[] = [];
    this.quoted(pieces, "");
    return { pieces };
  }

  private word(): Word {
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
  private quoted(pieces: Piece[], close: string): void {
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
      pieces.push({ kind: "commands", list: parseShell(raw, this.depth + 1), quoted });
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
    pieces.push({ kind: "commands", list: this.list(true), quoted });
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

function emptyCommand(): ShellCommand {
  return { words: [], input: [], outputs: [], pipedFrom: [] };
}

/** The word's text where it has no expansion; expansions count as nothing. */
function literalText(word: Word | undefined): string {
  return (word?.pieces ?? []).map((piece) => (piece.kind === "text" ? piece.value : "")).join("");
}
