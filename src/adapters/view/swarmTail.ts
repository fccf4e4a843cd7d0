import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { PhaseSince } from "../../core/view/timeline.ts";
import { type SwarmEvent, swarmEventSchema } from "../../core/workflow/events.ts";
import { evolve } from "../../core/workflow/evolve.ts";
import type { SwarmState } from "../../core/workflow/state.ts";
import { hasCode } from "../../ports/thrown.ts";
import { LineTail } from "./lineTail.ts";
import { parsed } from "./readJson.ts";

const SWARM_ID = /^s-[0-9a-z-]+$/;

/** Follows the newest swarm's log: each look reads and folds only what came since the last one. */
export class SwarmTail {
  private readonly swarmsDir: string;
  private readonly only: string | undefined;
  private id: string | undefined;
  private tail: LineTail | undefined;
  /** Events read so far, and what they come to. */
  events: SwarmEvent[] = [];
  state: SwarmState;
  /** The phases it was in, in order; one may come back. */
  phases: PhaseSince[] = [];
  /** The first line that is no event: what follows it is not believed. */
  problem: string | undefined;

  /**
   * @param stateDir the project's `.aegis`; need not exist.
   * @param only the swarm to follow in place of the newest
   */
  constructor(stateDir: string, only?: string) {
    this.swarmsDir = join(stateDir, "swarms");
    this.only = only;
  }

  /** Where the newest swarm's log lies; undefined where there was never one. */
  get dir(): string | undefined {
    return this.id === undefined ? undefined : join(this.swarmsDir, this.id);
  }

  /** @returns whether anything is new. */
  look(): boolean {
    const id = this.only ?? swarmsIn(this.swarmsDir).at(-1);
    if (id !== this.id) this.begin(id);
    if (!this.tail || this.id === undefined) return false;
    const next = this.tail.next();
    if (next.anew) this.begin(this.id, this.tail);
    const before = this.events.length;
    for (const line of next.lines) this.take(line);
    return next.anew || this.events.length > before;
  }

  private begin(id: string | undefined, tail?: LineTail): void {
    this.id = id;
    this.tail = tail ?? (id === undefined ? undefined : new LineTail(join(this.swarmsDir, id, "events.jsonl")));
    this.events = [];
    this.state = undefined;
    this.phases = [];
    this.problem = undefined;
  }

  private take(line: string): void {
    if (this.problem !== undefined) return;
    const event = swarmEventSchema.safeParse(parsed(line));
    if (!event.success) {
      const issue = event.error.issues[0];
      const place = `${this.swarmsDir}/${this.id ?? ""}/events.jsonl, event ${this.events.length + 1}`;
      this.problem = `${place}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "unknown event"}`;
      return;
    }
    this.events.push(event.data);
    this.state = evolve(this.state, event.data);
    const phase = this.state?.phase;
    if (phase !== undefined && phase !== this.phases.at(-1)?.phase) this.phases.push({ phase, since: event.data.at });
  }
}

/** Ids of a project's swarms, oldest first. @param swarmsDir need not exist */
export function swarmsIn(swarmsDir: string): string[] {
  try {
    return readdirSync(swarmsDir)
      .filter((name) => SWARM_ID.test(name))
      .sort();
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}
