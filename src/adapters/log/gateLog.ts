import { TurnedLog } from "./turnedLog.ts";

/** What the model gate did: `<stateDir>/gate.jsonl`. */
export class GateLog extends TurnedLog {
  /** @param mostBytes of each of its two files. */
  constructor(stateDir: string, mostBytes?: number) {
    super(stateDir, "gate", mostBytes);
  }
}
