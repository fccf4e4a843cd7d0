import { performance } from "node:perf_hooks";
import { Scheduler, type SchedulerSettings, TooLong } from "../scheduler/scheduler.ts";
import type { Engine, EngineRequest } from "./engine.ts";
import { type CacheInfo, Counters, type Gauges } from "./metrics.ts";
import { blockKeys } from "./promptBlocks.ts";
import { countTokens } from "./surface.ts";

export interface PacedEngineOptions {
  settings: SchedulerSettings;
  cache: CacheInfo;
  /** How many modelled seconds pass in one real second. */
  timeScale: number;
}

interface Flight {
  begun: number;
  made: number;
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
  private readonly scale: number;
  private readonly flights = new Map<string, Flight>();
  private readonly began = performance.now();
  private numbered = 0;
  private undecided = 0;
  /** Modelled milliseconds at which the last step ended or the current one will. */
  private clock = 0;
  private current: ReturnType<Scheduler["step"]>;
  private timer: NodeJS.Timeout | undefined;

  constructor({ settings, cache, timeScale }: PacedEngineOptions) {
    this.settings = settings;
    this.scheduler = new Scheduler(settings);
    this.cache = cache;
    this.scale = timeScale;
  }

  gauges(): Gauges {
    const { pool } = this.scheduler;
    return {
      running: this.scheduler.runningCount,
      waiting: this.scheduler.waitingCount + this.undecided,
      kvUsage: pool.used / pool.size,
    };
  }

  begin({ prompt, priority, signal }: Parameters<Engine["begin"]>[0]): EngineRequest {
    // A late timer leaves the model behind the clock: a newcomer would be answered before it came.
    if (this.current) {
      clearTimeout(this.timer);
      this.pump();
    }
    const id = String(this.numbered++);
    const flight: Flight = {
      begun: this.now(),
      made: 0,
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
      if (!decided) this.undecided -= 1;
      decided = true;
    };
    const wake = () => tell(flight);
    signal.addEventListener("abort", wake, { once: true });
    return {
      promptTokens: flight.promptTokens,
      cachedTokens: () => flight.cached,
      answer: (text, tokens) => {
        decide();
        const { promptTokens } = flight;
        const keys = blockKeys(prompt + text, this.settings.blockSize);
        try {
          this.scheduler.add({ id, promptTokens, outputTokens: tokens, keys, priority });
        } catch (error) {
          if (error instanceof TooLong) return error.message;
          throw error;
        }
        this.counters.promptTokens += promptTokens;
        this.counters.prefixQueries += promptTokens;
        if (!this.current) {
          this.clock = Math.max(this.clock, this.now());
          this.pump();
        }
        return undefined;
      },
      ready: async (sent) => {
        while (!flight.done && flight.made <= sent && !signal.aborted)
          await new Promise<void>((resolve) => flight.changed.add(resolve));
        return flight.done || signal.aborted ? Number.POSITIVE_INFINITY : flight.made;
      },
      // Its own scheduler says who queues.
      queue: () => () => undefined,
      firstByte: () => undefined,
      end: (reason) => {
        decide();
        signal.removeEventListener("abort", wake);
        this.flights.delete(id);
        if (!flight.done) this.scheduler.abort(id);
        if (reason === undefined) return;
        this.counters.finish(reason);
        this.counters.e2e.observe((this.now() - flight.begun) / 1000);
      },
    };
  }

  close(): void {
    clearTimeout(this.timer);
    for (const flight of this.flights.values()) {
      flight.done = true;
      tell(flight);
    }
  }

  private now(): number {
    return (performance.now() - this.began) * this.scale;
  }

  /** Ends every step whose time has come and begins the next; what a late timer missed is made up for. */
  private pump(): void {
    for (;;) {
      if (this.current) {
        const left = this.clock - this.now();
        if (left > 0) {
          this.timer = setTimeout(() => this.pump(), left / this.scale);
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
      flight.made += 1;
      counters.generationTokens += 1;
      if (flight.lastToken === undefined) counters.ttft.observe(Math.max(0, this.clock - flight.begun) / 1000);
      else counters.itl.observe((this.clock - flight.lastToken) / 1000);
      flight.lastToken = this.clock;
    }
    for (const id of step.finished) {
      const flight = this.flights.get(id);
      if (flight) flight.done = true;
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
