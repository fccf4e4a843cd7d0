import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../ports/thrown.ts";

/** Every call of warm OpenCode processes, a line each, without the prompt's and the answer's text. */
export class CallLog {
  private readonly stateDir: string;
  private readonly log: (message: string) => void;

  constructor(stateDir: string, log: (message: string) => void) {
    this.stateDir = stateDir;
    this.log = log;
  }

  note(call: object): void {
    const { stdout: _, ...entry } = { stdout: "", ...call };
    try {
      mkdirSync(this.stateDir, { recursive: true });
      const line = JSON.stringify({ at: new Date().toISOString(), ...entry });
      appendFileSync(join(this.stateDir, "calls.jsonl"), `${line}\n`, { mode: 0o600 });
    } catch (error) {
      this.log(`the call log cannot be written: ${messageOf(error)}`);
    }
  }
}
