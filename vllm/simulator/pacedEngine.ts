import { Scheduler, type SchedulerSettings, TooLong } from "../scheduler/scheduler.ts";
import type { Engine, EngineRequest } from "./engine.ts";
import { type CacheInfo, Counters, type Gauges } from "./metrics.ts";
import type { Pace } from "./pace.ts";
import { blockKeys } from "./promptBlocks.ts";
import { countTokens } from "./surface.ts";

export interface PacedEngineOptions {
  settings: SchedulerSettings;
  cache: CacheInfo;
  /** When modelled time passes. */
  pace: Pace;
}

/** Counts of requests. */
export interface Tally {
  begun: number;
  undecided: number;
  over: number;
}

interface Flight {
  begun: number;
  /** Modelled milliseconds at which each of its tokens was made. */
  made: number[];
  done: boolean;
  lastToken: number | undefined;
  cached: number;
  promptTokens: number;
  changed: Set<() => void>;
}

/** Lets tokens come when a modelled GPU would have made them: the scheduler of `vllm/scheduler` on a clock. */
export class PacedEngine implements Engine {
  readonly counters = new Counters();
  readonly cache: CacheInfo;
  private readonly scheduler: Scheduler;
  private readonly settings: SchedulerSettings;
  private readonly pace: Pace;
  private readonly flights = new Map<string, Flight>();
  private readonly watchers = new Set<() => void>();
  private begun = 0;
  private undecided = 0;
  private over = 0;
  /** Modelled milliseconds at which the last step ended or the current one will. */
  private clock = 0;
  private current: ReturnType<Scheduler["step"]>;

  constructor({ settings, cache, pace }: PacedEngineOptions) {
    this.settings = settings;
    this.scheduler = new Scheduler(settings);
    this.cache = cache;
    this.pace = pace;
  }

  gauges(): Gauges {
    const { pool } = this.scheduler;
    return {
      running: this.scheduler.runningCount,
      waiting: this.scheduler.waitingCount + this.undecided,
      kvUsage: pool.used / pool.size,
    };
  }

  /** Requests since the start: taken in, not yet in the scheduler's hands, answered or given up. */
  tally(): Tally {
    return { begun: this.begun, undecided: this.undecided, over: this.over };
  }

  /** Calls `changed` whenever a request was taken in or decided, until the returned function is called. */
  watch(changed: () => void): () => void {
    this.watchers.add(changed);
    return () => this.watchers.delete(changed);
  }

  begin({ prompt, priority, signal }: Parameters<Engine["begin"]>[0]): EngineRequest {
    // A late timer leaves the model behind the clock: a newcomer would be answered before it came.
    if (this.current) {
      this.pace.cancel();
      this.pump();
    }
    const id = String(this.begun++);
    const flight: Flight = {
      begun: this.pace.now(),
      made: [],
      done: false,
      lastToken: undefined,
      cached: 0,
      promptTokens: countTokens(prompt),
      changed: new Set(),
    };
    this.flights.set(id, flight);
    this.undecided += 1;
    let decided = false;
    const decide = () => {
      if (decided) return;
      decided = true;
      this.undecided -= 1;
      this.tellWatchers();
    };
    const giveUp = () => {
      if (flight.done) return;
      flight.done = true;
      this.over += 1;
    };
    const wake = () => tell(flight);
    signal.addEventListener("abort", wake, { once: true });
    return {
      promptTokens: flight.promptTokens,
      cachedTokens: () => flight.cached,
      madeAt: (index) => flight.made[index],
      answer: (text, tokens) => {
        const { promptTokens } = flight;
        const keys = blockKeys(prompt + text, this.settings.blockSize);
        try {
          this.scheduler.add({ id, promptTokens, outputTokens: tokens, keys, priority });
        } catch (error) {
          if (!(error instanceof TooLong)) throw error;
          giveUp();
          return error.message;
        } finally {
          decide();
        }
        this.counters.promptTokens += promptTokens;
        this.counters.prefixQueries += promptTokens;
        if (!this.current) {
          this.clock = Math.max(this.clock, this.pace.now());
          this.pump();
        }
        return undefined;
      },
      ready: async (sent) => {
        while (!flight.done && flight.made.length <= sent && !signal.aborted)
          await new Promise<void>((resolve) => flight.changed.add(resolve));
        return flight.done || signal.aborted ? Number.POSITIVE_INFINITY : flight.made.length;
      },
      // Its own scheduler says who queues.
      queue: () => () => undefined,
      firstByte: () => undefined,
      end: (reason) => {
        signal.removeEventListener("abort", wake);
        this.flights.delete(id);
        if (!flight.done) this.scheduler.abort(id);
        giveUp();
        decide();
        if (reason === undefined) return;
        this.counters.finish(reason);
        this.counters.e2e.observe(((flight.made.at(-1) ?? this.pace.now()) - flight.begun) / 1000);
      },
    };
  }

  close(): void {
    this.pace.cancel();
    for (const flight of this.flights.values()) {
      flight.done = true;
      tell(flight);
    }
  }

  private tellWatchers(): void {
    for (const changed of [...this.watchers]) changed();
  }

  /** Ends every step whose time has come and begins the next; what a late timer missed is made up for. */
  private pump(): void {
    for (;;) {
      if (this.current) {
        if (this.clock > this.pace.now()) {
          this.pace.at(this.clock, () => this.pump());
          return;
        }
        this.deliver(this.current);
      }
      this.current = this.scheduler.step();
      if (!this.current) return;
      this.clock += this.current.ms;
    }
  }

  private deliver(step: NonNullable<ReturnType<Scheduler["step"]>>): void {
    const { counters } = this;
    counters.preemptions += step.preempted.length;
    for (const { id, cachedTokens, again } of step.admitted) {
      const flight = this.flights.get(id);
      if (!flight || again) continue;
      flight.cached = cachedTokens;
      counters.prefixHits += cachedTokens;
      counters.queue.observe(Math.max(0, this.clock - step.ms - flight.begun) / 1000);
    }
    for (const id of step.tokens) {
      const flight = this.flights.get(id);
      if (!flight) continue;
      flight.made.push(this.clock);
      counters.generationTokens += 1;
      if (flight.lastToken === undefined) counters.ttft.observe(Math.max(0, this.clock - flight.begun) / 1000);
      else counters.itl.observe((this.clock - flight.lastToken) / 1000);
      flight.lastToken = this.clock;
    }
    for (const id of step.finished) {
      const flight = this.flights.get(id);
      if (!flight || flight.done) continue;
      flight.done = true;
      this.over += 1;
    }
    for (const id of step.tokens) {
      const flight = this.flights.get(id);
      if (flight) tell(flight);
    }
  }
}

function tell(flight: Flight): void {
  const waiting = [...flight.changed];
  flight.changed.clear();
  for (const resolve of waiting) resolve();
}
