import { admit, ahead, initialAdmission } from "../../core/schedule/admission.ts";
import type { BudgetMode, ServerLoad } from "../../core/schedule/budget.ts";
import type { Admission, AdmissionEvent, AdmissionSettings, UnitRole } from "../../core/schedule/model.ts";

/** Who wants to send a request, and how large its session is. */
export interface Entry {
  session: string;
  owner: string;
  role: UnitRole;
  /** Tokens of the prompt and of the answer it may get. */
  tokens: number;
  parent?: string;
}

/** A request that may go. */
export interface Ticket {
  /** How long it waited (ms). */
  waitedMs: number;
  /** To be called however the request ended; only the first call counts. */
  leave(): void;
}

export interface TurnstileWorld {
  now(): number;
  /** Calls back after `ms`; the returned function takes it back. Must not keep the process alive. */
  after(ms: number, call: () => void): () => void;
}

/** Tells people: requests of `session` wait behind `ahead` others; undefined when it goes on. Must not throw. */
export type WaitObserver = (session: string, ahead: number | undefined) => void;

/** Tells people on what the limit rests from now on: the server's metrics, or, without any that can be true, `requests` at once. Must not throw. */
export type ModeObserver = (mode: BudgetMode, requests: number) => void;

/** Longest time between two looks at the queue while something waits (ms): places are given up by time too. */
const LOOK_MS = 1_000;
/** A wait shorter than this is nobody's business (ms). */
const SHOWN_AFTER_MS = 1_500;

/** Metrics that are away for less are nobody's business: the first reading comes within a second (ms). */
const MODE_SAID_AFTER_MS = 3_000;

interface Pending {
  entry: Entry;
  since: number;
  shown: number | undefined;
  go(): void;
}

/** Holds model requests until it is their turn. The shell around `src/core/schedule`: a clock, a queue of promises. */
export class Turnstile {
  private state: Admission;
  private readonly settings: AdmissionSettings;
  private readonly world: TurnstileWorld;
  private readonly tell: WaitObserver;
  private readonly modeIs: ModeObserver;
  /** What people were told of; they take metrics for granted. */
  private toldMode: BudgetMode = "metrics";
  private lastMode: { mode: BudgetMode; since: number } | undefined;
  private readonly pending = new Map<string, Pending>();
  private numbered = 0;
  private cancelLook: (() => void) | undefined;

  constructor(
    settings: AdmissionSettings,
    world: TurnstileWorld,
    tell: WaitObserver,
    modeIs: ModeObserver = () => undefined,
  ) {
    this.modeIs = modeIs;
    this.settings = settings;
    this.world = world;
    this.tell = tell;
    this.state = initialAdmission(settings);
  }

  /**
   * Waits for the turn of one request.
   * @throws the signal's reason when the caller leaves; the request has left the queue then.
   */
  async enter(entry: Entry, signal: AbortSignal): Promise<Ticket> {
    signal.throwIfAborted();
    this.numbered += 1;
    const request = String(this.numbered);
    const since = this.world.now();
    const leave = this.once(request);
    await new Promise<void>((resolve, reject) => {
      const gone = () => {
        this.settle(request);
        leave();
        reject(signal.reason);
      };
      signal.addEventListener("abort", gone, { once: true });
      const go = () => {
        signal.removeEventListener("abort", gone);
        resolve();
      };
      this.pending.set(request, { entry, since, shown: undefined, go });
      this.happen({ type: "arrived", at: since, request, ...entry });
    });
    return { waitedMs: this.world.now() - since, leave };
  }

  /** A session's turn is over: nobody waits for its next request. */
  ended(session: string): void {
    this.happen({ type: "ended", at: this.world.now(), session });
  }

  /** A reading of the server's metrics. */
  heard(load: ServerLoad): void {
    this.happen({ type: "load", at: this.world.now(), load });
  }

  /** For people: what the limits are and why, and how many wait. */
  status(): { mode: BudgetMode; requests: number; tokens?: number; running: number; waiting: number } {
    const { mode, requests, tokens } = this.state.budget;
    const running = this.state.residents.reduce((sum, each) => sum + each.active.length, 0);
    return { mode, requests, ...(tokens === undefined ? {} : { tokens }), running, waiting: this.state.queue.length };
  }

  close(): void {
    this.cancelLook?.();
    this.cancelLook = undefined;
  }

  private once(request: string): () => void {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.happen({ type: "left", at: this.world.now(), request });
    };
  }

  private happen(event: AdmissionEvent): void {
    const step = admit(this.state, event, this.settings);
    this.state = step.state;
    for (const request of step.go) this.settle(request)?.go();
    this.show();
    this.sayMode(event.at);
    this.lookAgain();
  }

  /** Takes a request out of those that wait, and takes back what people were told of it. */
  private settle(request: string): Pending | undefined {
    const pending = this.pending.get(request);
    this.pending.delete(request);
    if (pending?.shown !== undefined) this.tell(pending.entry.session, undefined);
    return pending;
  }

  private show(): void {
    const now = this.world.now();
    for (const [request, pending] of this.pending) {
      if (now - pending.since < SHOWN_AFTER_MS) continue;
      const before = ahead(this.state, request, now, this.settings);
      if (before === undefined || before === pending.shown) continue;
      pending.shown = before;
      this.tell(pending.entry.session, before);
    }
  }

  private sayMode(now: number): void {
    const { mode, requests } = this.state.budget;
    if (this.lastMode?.mode !== mode) this.lastMode = { mode, since: now };
    if (mode === this.toldMode || (mode !== "metrics" && now - this.lastMode.since < MODE_SAID_AFTER_MS)) return;
    this.toldMode = mode;
    this.modeIs(mode, requests);
  }

  private lookAgain(): void {
    this.cancelLook?.();
    this.cancelLook = undefined;
    if (this.pending.size === 0) return;
    this.cancelLook = this.world.after(LOOK_MS, () => {
      this.cancelLook = undefined;
      this.happen({ type: "tick", at: this.world.now() });
    });
  }
}
