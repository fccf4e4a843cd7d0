import { appendFileSync, mkdirSync, statSync } from "node:fs";
import path from "node:path";

/** A model's commands choose how much is written here. */
const MAX_BYTES = 4_000_000;

/** `.aegis/network.jsonl`: what sandboxed commands tried to reach, a line a try. */
export class NetworkLog {
  private readonly dir: string;
  private readonly failed: (message: string, error: unknown) => void;

  /** @param dir absolute path of `.aegis` */
  constructor(dir: string, failed: (message: string, error: unknown) => void) {
    this.dir = dir;
    this.failed = failed;
  }

  /** Never throws: what was allowed is allowed by the configuration, not by this record. */
  add(attempt: { host: string; port: number; refused: string | undefined }): void {
    const file = path.join(this.dir, "network.jsonl");
    try {
      mkdirSync(this.dir, { recursive: true });
      if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > MAX_BYTES) return;
      appendFileSync(file, `${JSON.stringify({ time: new Date().toISOString(), ...attempt })}\n`, { mode: 0o600 });
    } catch (error) {
      this.failed("a network attempt could not be recorded", error);
    }
  }
}
