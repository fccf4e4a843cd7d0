import type { Language } from "./messages/language.ts";

/** What a command sees of the world it talks to; tests hand in their own. */
export interface Io {
  stdout: { write(text: string): unknown };
  stderr: { write(text: string): unknown };
  env: Readonly<Record<string, string | undefined>>;
  /** Absolute path. */
  cwd: string;
  /** A person sits at both ends: prompts are allowed. */
  isTTY: boolean;
  lang: Language;
  /** Whether colours may be used (a terminal, and no NO_COLOR). */
  colour: boolean;
  /** Cells of a line, where the output is a terminal; off a terminal no line is broken. */
  columns?: number | undefined;
  /** Everything on standard input, for commands that take `-`. */
  readStdin(): Promise<string>;
  /** One line from the person; undefined at end of input or Ctrl-C. Only called where `isTTY`. */
  ask(question: string): Promise<string | undefined>;
  /** Aborted by Ctrl-C or a termination signal: whatever was started must end. */
  signal: AbortSignal;
}

/** Writes one JSON object and a newline: the whole of stdout under `--json`. */
export function writeJson(io: Io, value: unknown): void {
  io.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

const codes = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 } as const;

/** Wraps text in a terminal colour, or leaves it as it is where colours are off. */
export function paint(io: Pick<Io, "colour">, colour: keyof typeof codes, text: string): string {
  return io.colour ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text;
}
