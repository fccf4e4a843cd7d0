import { appendFileSync, mkdirSync, readFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { redact } from "../../core/redact.ts";
import { hasCode } from "../../ports/thrown.ts";

/** Bytes at which the file becomes the older one: about 20,000 decisions. */
const MOST_BYTES = 4 * 1024 * 1024;

/** Every decision and hop, as JSON Lines in `<dir>/routing.jsonl`, and `routing.1.jsonl` for what came before it. */
export class RoutingLog {
  private readonly dir: string;
  private readonly mostBytes: number;

  constructor(dir: string, mostBytes: number = MOST_BYTES) {
    this.dir = dir;
    this.mostBytes = mostBytes;
  }

  /** Appends one line, secrets in its texts left out. @throws where the file cannot be written. */
  append(entry: object): void {
    const line = JSON.stringify(entry, (_key, value: unknown) => (typeof value === "string" ? redact(value) : value));
    mkdirSync(this.dir, { recursive: true });
    const file = join(this.dir, "routing.jsonl");
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > this.mostBytes) this.turnOver(file);
    appendFileSync(file, `${line}\n`, { mode: 0o600 });
  }

  private turnOver(file: string): void {
    try {
      renameSync(file, join(this.dir, "routing.1.jsonl"));
    } catch (error) {
      // Another process was faster.
      if (!hasCode(error, "ENOENT")) throw error;
    }
  }
}

/** The lines of the routing log in `dir`, oldest first; none where there is no log. */
export function routingLogLines(dir: string): string[] {
  return ["routing.1.jsonl", "routing.jsonl"].flatMap((name) => {
    try {
      return readFileSync(join(dir, name), "utf8").trimEnd().split("\n");
    } catch (error) {
      if (hasCode(error, "ENOENT")) return [];
      throw error;
    }
  });
}
