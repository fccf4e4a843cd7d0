import type { SwarmCommand } from "../core/workflow/commands.ts";
import type { Decision } from "../core/workflow/decide/decision.ts";
import { decide } from "../core/workflow/decide.ts";
import type { SwarmEvent } from "../core/workflow/events.ts";
import { evolve, fold } from "../core/workflow/evolve.ts";
import type { Effect } from "../core/workflow/react.ts";
import { owed, react } from "../core/workflow/react.ts";
import type { SwarmState } from "../core/workflow/state.ts";
import { isOver } from "../core/workflow/state.ts";
import type { EventLogs } from "../ports/eventLogs.ts";
import { LogGoneError } from "../ports/eventLogs.ts";
import { messageOf } from "../ports/thrown.ts";

/** Newest logs that are looked at for an open swarm. */
const LOOKED_AT = 5;

type Listener = (state: SwarmState, events: readonly SwarmEvent[]) => void;

/**
 * The one owner of a swarm's state: decide, append, evolve, react, one command at a time. Everybody else reads the
 * projection (`state`) or waits for it to change (`watch`).
 */
export class SwarmRuntime {
  private current: SwarmState;
  private queue: Promise<unknown> = Promise.resolve();
  private readonly listeners = new Set<Listener>();
  private unattended = false;
  private readonly logs: EventLogs;
  private readonly carryOut: (effect: Effect) => void;

  /** @param carryOut starts an effect; must not throw and not wait. */
  constructor(logs: EventLogs, carryOut: (effect: Effect) => void) {
    this.logs = logs;
    this.carryOut = carryOut;
  }

  get state(): SwarmState {
    return this.current;
  }

  /** Folds the log of the open swarm, or of the newest one. Returns the state without carrying anything out. */
  async load(): Promise<SwarmState> {
    return this.inOrder(async () => {
      this.unattended = true;
      const ids = [...(await this.logs.list())].reverse();
      // What is known of an open swarm is not given up for an empty directory: it may come back.
      if (this.current && !isOver(this.current) && !ids.includes(this.current.id))
        throw new LogGoneError(`the log of swarm ${this.current.id}`);
      // Ids tell the time of day: after a clock was set back the open swarm need not be the last of them.
      const folded: SwarmState[] = [];
      for (const id of ids.slice(0, LOOKED_AT)) {
        const state = fold(await this.logs.read(id));
        folded.push(state);
        if (state && !isOver(state)) break;
      }
      this.current = folded.findLast((state) => state && !isOver(state)) ?? folded[0];
      return this.current;
    });
  }

  /** Carries out what a folded state still owes: Workers that were dispatched but never started. */
  takeUp(): void {
    if (this.current) for (const effect of owed(this.current)) this.carryOut(effect);
  }

  /** Judges a command against the present state; accepted events are on disk before anybody sees them. */
  submit(command: SwarmCommand): Promise<Decision> {
    return this.inOrder(async () => {
      const decision = decide(command, this.current);
      if (!decision.ok || decision.events.length === 0) return decision;
      const opens = decision.events[0];
      const id = opens?.type === "swarm_started" ? opens.id : this.current?.id;
      if (id === undefined) return decision;
      try {
        // Made anew, it would be a log without its beginning.
        if (opens?.type !== "swarm_started" && !(await this.logs.list()).includes(id))
          throw new LogGoneError(`the log of swarm ${id}`);
        await this.logs.append(id, decision.events);
      } catch (error) {
        this.unattended = true;
        return {
          ok: false,
          refusal: {
            code: "log-failed",
            happened: `the swarm's log could not be written: ${messageOf(error)}`,
            next: "free disk space or make .aegis writable, then try again; nothing was changed.",
          },
        };
      }
      const effects: Effect[] = [];
      for (const event of decision.events) {
        const before = event.type === "swarm_started" ? undefined : this.current;
        const after = evolve(before, event);
        if (after) effects.push(...react(event, before, after));
        this.current = after;
      }
      for (const effect of effects) this.carryOut(effect);
      for (const listener of [...this.listeners]) listener(this.current, decision.events);
      return decision;
    });
  }

  /**
   * Whether there may be work that nobody carries on, since this was asked last: the log was read, so that another process
   * drove it before, or it could not be written, so that a Worker's end or start is nowhere.
   */
  takeUnattended(): boolean {
    const { unattended } = this;
    this.unattended = false;
    return unattended;
  }

  /** Calls `listener` after every change; returns the function that ends it. */
  watch(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Resolves when `done(state)` holds, the time is over, or `signal` aborts; says which. */
  until(
    done: (state: SwarmState) => boolean,
    options: { timeoutMs?: number; signal?: AbortSignal },
  ): Promise<"done" | "timeout" | "aborted"> {
    return new Promise((resolve) => {
      const { timeoutMs, signal } = options;
      let timer: NodeJS.Timeout | undefined;
      const settle = (how: "done" | "timeout" | "aborted") => {
        clearTimeout(timer);
        stop();
        signal?.removeEventListener("abort", onAbort);
        resolve(how);
      };
      const onAbort = () => settle("aborted");
      const stop = this.watch((state) => {
        if (done(state)) settle("done");
      });
      if (signal?.aborted) return settle("aborted");
      if (done(this.current)) return settle("done");
      signal?.addEventListener("abort", onAbort, { once: true });
      if (timeoutMs !== undefined) timer = setTimeout(() => settle("timeout"), timeoutMs);
    });
  }

  /** Resolves when every command that was submitted so far is judged and in the log. */
  async settled(): Promise<void> {
    await this.queue;
  }

  /** True while a swarm is open in this project. */
  get open(): boolean {
    return this.current !== undefined && !isOver(this.current);
  }

  private inOrder<T>(work: () => Promise<T>): Promise<T> {
    const next = this.queue.then(work);
    this.queue = next.catch(() => undefined);
    return next;
  }
}
