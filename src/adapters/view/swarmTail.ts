import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { PhaseSince } from "../../core/view/timeline.ts";
import { type SwarmEvent, swarmEventSchema } from "../../core/workflow/events.ts";
import { evolve } from "../../core/workflow/evolve.ts";
import type { SwarmState } from "../../core/workflow/state.ts";
import { hasCode } from "../../ports/thrown.ts";
import { FoldCheckpoint } from "./foldCheckpoint.ts";
import { LineTail } from "./lineTail.ts";
import { parsed } from "./readJson.ts";

const SWARM_ID = /^s-[0-9a-z-]+$/;

/** So many events that were folded anew are worth a checkpoint: some milliseconds of work. */
const WORTH_KEEPING = 200;

/**
 * Follows the newest swarm's log: each look reads and folds only what came since the last one, and with checkpoints since an
 * earlier process's.
 */
export class SwarmTail {
  private readonly swarmsDir: string;
  private readonly only: string | undefined;
  private id: string | undefined;
  private tail: LineTail | undefined;
  /** Events read by this object, and what all of the log comes to. */
  events: SwarmEvent[] = [];
  state: SwarmState;
  /** Events before those, which a checkpoint stands for. */
  private before = 0;
  private readonly checkpoints: string | undefined;
  private checkpoint: FoldCheckpoint | undefined;
  /** The phases it was in, in order; one may come back. */
  phases: PhaseSince[] = [];
  /** How often the events were begun with anew: for another swarm, or another file in the log's place. */
  beginnings = 0;
  /** The first line that is no event: what follows it is not believed. */
  problem: string | undefined;

  /**
   * @param stateDir the project's `.aegis`; need not exist.
   * @param only the swarm to follow in place of the newest
   * @param checkpoints a directory for what long logs came to, for whoever needs the state and not its events
   */
  constructor(stateDir: string, only?: string, checkpoints?: string) {
    this.swarmsDir = join(stateDir, "swarms");
    this.only = only;
    this.checkpoints = checkpoints;
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
    const fresh = this.events.length - before;
    if (fresh >= WORTH_KEEPING && this.problem === undefined) this.keep(this.tail);
    return next.anew || fresh > 0;
  }

  private begin(id: string | undefined, tail?: LineTail): void {
    this.id = id;
    this.beginnings += 1;
    this.events = [];
    this.state = undefined;
    this.phases = [];
    this.before = 0;
    this.problem = undefined;
    this.tail = tail;
    if (tail || id === undefined) return;
    const log = join(this.swarmsDir, id, "events.jsonl");
    this.checkpoint = this.checkpoints === undefined ? undefined : new FoldCheckpoint(this.checkpoints, log);
    const known = this.checkpoint?.read();
    this.tail = new LineTail(log, known?.position);
    if (!known) return;
    this.before = known.events;
    this.state = known.state;
    this.phases = [...known.phases];
  }

  private keep(tail: LineTail): void {
    const { state, phases } = this;
    this.checkpoint?.write({ position: tail.position, events: this.before + this.events.length, state, phases });
  }

  private take(line: string): void {
    if (this.problem !== undefined) return;
    const event = swarmEventSchema.safeParse(parsed(line));
    if (!event.success) {
      const issue = event.error.issues[0];
      const place = `${this.swarmsDir}/${this.id ?? ""}/events.jsonl, event ${this.before + this.events.length + 1}`;
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
