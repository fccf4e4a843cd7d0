import { join } from "node:path";
import { Timeline } from "../../core/view/timeline.ts";
import type { SwarmEvent } from "../../core/workflow/events.ts";
import { LineTail } from "./lineTail.ts";
import { parsed } from "./readJson.ts";

/** Follows the files of which a swarm's timeline is made. */
export class TimelineReader {
  readonly timeline = new Timeline();
  private readonly olderGate: LineTail;
  private readonly olderCalls: LineTail;
  private readonly gate: LineTail;
  private readonly calls: LineTail;
  private taken = 0;

  /** @param stateDir the project's `.aegis`; need not exist. */
  constructor(stateDir: string) {
    const tail = (name: string) => new LineTail(join(stateDir, `${name}.jsonl`));
    this.olderGate = tail("gate.1");
    this.olderCalls = tail("calls.1");
    this.gate = tail("gate");
    this.calls = tail("calls");
  }

  /**
   * Reads on. @param events all of the swarm's so far
   * @returns false where a log was turned over meanwhile: what it held before is in another file now, so begin with a new reader
   */
  read(events: readonly SwarmEvent[]): boolean {
    for (const event of events.slice(this.taken)) this.timeline.takeEvent(event);
    const first = this.taken === 0;
    this.taken = events.length;
    if (first) this.readOlder();
    const [gate, calls] = [this.gate.next(), this.calls.next()];
    if (gate.anew || calls.anew) return false;
    // A log that was turned over between the two looks is the older one now.
    if (first) this.readOlder();
    for (const line of gate.lines) this.timeline.takeGate(parsed(line));
    for (const line of calls.lines) this.timeline.takeCall(parsed(line));
    return true;
  }

  private readOlder(): void {
    for (const line of this.olderGate.next().lines) this.timeline.takeGate(parsed(line));
    for (const line of this.olderCalls.next().lines) this.timeline.takeCall(parsed(line));
  }
}
