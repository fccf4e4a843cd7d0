import { appendFileSync, existsSync, mkdirSync, renameSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { redact } from "../../core/redact.ts";
import { hasCode } from "../../ports/thrown.ts";

/** Bytes at which the file becomes the older one: about 10,000 model requests, or 20,000 tool calls. */
const MOST_BYTES = 4 * 1024 * 1024;

/** A log of lines that never grows for ever: `<stateDir>/<name>.jsonl`, and `<name>.1.jsonl` for what came before it. */
export class TurnedLog {
  private readonly stateDir: string;
  private readonly name: string;
  private readonly mostBytes: number;

  /** @param mostBytes of each of the two files. */
  constructor(stateDir: string, name: string, mostBytes: number = MOST_BYTES) {
    this.stateDir = stateDir;
    this.name = name;
    this.mostBytes = mostBytes;
  }

  /** Whether the project has a state directory: sessions outside a swarm leave no trace where there was none. */
  get begun(): boolean {
    return existsSync(this.stateDir);
  }

  /** Appends one line; secrets in any of its texts are left out. @throws where the file cannot be written. */
  append(at: Date, event: object): void {
    const line = JSON.stringify({ at: at.toISOString(), ...event }, (_key, value: unknown) =>
      typeof value === "string" ? redact(value) : value,
    );
    mkdirSync(this.stateDir, { recursive: true });
    if (this.size() > this.mostBytes) this.turnOver();
    appendFileSync(this.file(""), `${line}\n`);
  }

  /** Every line that is JSON, oldest first. A torn last line is left out; so is a file that is not there. */
  async read(): Promise<unknown[]> {
    const texts = await Promise.all([this.file(".1"), this.file("")].map(textOf));
    return texts.flatMap((text) => text.split("\n")).flatMap(parsed);
  }

  private size(): number {
    return statSync(this.file(""), { throwIfNoEntry: false })?.size ?? 0;
  }

  private turnOver(): void {
    try {
      renameSync(this.file(""), this.file(".1"));
    } catch (error) {
      // Another process was faster.
      if (!hasCode(error, "ENOENT")) throw error;
    }
  }

  private file(generation: string): string {
    return join(this.stateDir, `${this.name}${generation}.jsonl`);
  }
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return "";
    throw error;
  }
}

function parsed(line: string): unknown[] {
  if (line === "") return [];
  try {
    return [JSON.parse(line)];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}
