import { literalText, MAX_DEPTH, type Piece, SEPARATORS, type ShellCommand, type Word, WordReader } from "./words.ts";

/**
 * Splits POSIX shell text (with bash's `$'…'`, `<<<`, `<(…)`) into its simple commands, in order of appearance.
 * Total over arbitrary text: unclosed quotes end at the end of the text, nothing throws, one pass from left to right.
 */
export function parseShell(text: string, depth = 0): ShellCommand[] {
  return new Parser(text, depth).list(false);
}

class Parser extends WordReader {
  private pendingHeredocs: { delimiter: string; stripTabs: boolean; literal: boolean; command: ShellCommand }[] = [];

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

  protected substituted(): ShellCommand[] {
    return this.list(true);
  }

  protected backquotedCommands(text: string): ShellCommand[] {
    return parseShell(text, this.depth + 1);
  }
}

function emptyCommand(): ShellCommand {
  return { words: [], input: [], outputs: [], pipedFrom: [] };
}
