import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import OpenAI from "openai";
import { z } from "zod";
import { messageOf } from "../../src/ports/thrown.ts";
import { withinTime } from "../../src/ports/timeLimit.ts";
import { TIME_PATH, type TimeAnswer, timeAnswer } from "../simulator/virtualTime.ts";

/** How a server's time passes: so many modelled seconds in a real one, or as the client says. */
export type TimeKind = { kind: "scaled"; scale: number } | { kind: "virtual" };

/** A real server's time is ours. */
export const REAL_TIME: TimeKind = { kind: "scaled", scale: 1 };

/** A server's time as the sessions of one client live through it. Modelled milliseconds. */
export interface ServedTime {
  now(): number;
  /** Rejects when the run is aborted. */
  pause(ms: number): Promise<void>;
  /** Runs one request, from sending it to its answer's end. */
  asking<Answer>(ask: () => Promise<Answer>): Promise<Answer>;
  /** Runs sessions side by side and waits for all. */
  together(all: readonly (() => Promise<void>)[]): Promise<void>;
  /** When a chunk that was just read had been made. */
  cameAt(chunk: unknown): number;
  close(): Promise<void>;
}

interface Server {
  /** Ends in `/v1`. */
  baseUrl: string;
  signal: AbortSignal;
}

const version = z.looseObject({
  version: z.string(),
  time_scale: z.number().positive().optional(),
  time: z.literal("virtual").optional(),
});
const originOf = (baseUrl: string): string => baseUrl.replace(/\/v1\/?$/, "");

/** What a server says it is, and how its time passes (a simulated one may say so). */
export async function serverIdentity(
  baseUrl: string,
  signal: AbortSignal,
): Promise<{ version: string; time: TimeKind } | undefined> {
  try {
    const url = `${originOf(baseUrl)}/version`;
    const parsed = await withinTime(10_000, signal, async (limit) => {
      const response = await fetch(url, { signal: limit });
      return version.safeParse(await response.json());
    });
    if (!parsed.success) return undefined;
    const { time, time_scale } = parsed.data;
    return {
      version: parsed.data.version,
      time: time === "virtual" ? { kind: "virtual" } : { kind: "scaled", scale: time_scale ?? 1 },
    };
  } catch (error) {
    if (signal.aborted) throw error;
    return undefined;
  }
}

/** Begins to live in a server's time. Throws where a server in virtual time does not let it be held. */
export async function servedTime(server: Server, kind: TimeKind): Promise<ServedTime> {
  return kind.kind === "virtual" ? HeldTime.hold(server) : scaledTime(server, kind.scale);
}

function scaledTime({ signal }: Server, scale: number): ServedTime {
  const now = () => performance.now() * scale;
  return {
    now,
    pause: async (ms) => {
      await sleep(ms / scale, undefined, { signal });
    },
    asking: (ask) => ask(),
    together: async (all) => {
      await Promise.all(all.map((one) => one()));
    },
    cameAt: now,
    close: () => Promise.resolve(),
  };
}

const timed = z.object({ modelled_ms: z.number() });

/**
 * Virtual time, held: it goes on only when every session waits for an answer or pauses, and then to the next answer's end or
 * the first pause's end, whichever comes first. So the order of things is the model's, however slow client and server are.
 */
class HeldTime implements ServedTime {
  private readonly server: Server;
  private time: number;
  /** Requests of anybody, as the server counts them. */
  private begun: number;
  private over: number;
  /** Requests of ours that are read to their end, on top of those that were over before. */
  private read: number;
  /** Sessions that are doing something; the caller is one. */
  private active = 1;
  private pauses: { until: number; wake: () => void; fail: (reason: unknown) => void }[] = [];
  /** The server was told to go on, and has not said how far it came. */
  private moving: Promise<void> | undefined;
  private failure: Error | undefined;
  /** Aborted by a failure: the server may wait for a request that never comes. */
  private readonly failed = new AbortController();
  private closed = false;

  private constructor(server: Server, held: TimeAnswer) {
    this.server = server;
    this.time = held.now;
    this.begun = held.begun;
    this.over = held.over;
    this.read = held.over;
    server.signal.addEventListener("abort", this.abort, { once: true });
  }

  static async hold(server: Server): Promise<HeldTime> {
    return new HeldTime(server, await tell(server, { hold: true }));
  }

  private readonly abort = () => this.fail(new Error("the run was aborted"));

  now(): number {
    return this.time;
  }

  async pause(ms: number): Promise<void> {
    this.throwIfFailed();
    if (ms <= 0) return;
    const until = this.time + ms;
    const ended = new Promise<void>((wake, fail) => this.pauses.push({ until, wake, fail }));
    this.leave();
    await ended;
  }

  async asking<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    this.throwIfFailed();
    this.begun += 1;
    this.leave();
    try {
      return await ask();
    } catch (error) {
      // Whether the server counted it nobody knows: its time could stand still for ever.
      if (!isAnswer(error)) this.fail(new Error(`a request did not come through: ${messageOf(error)}`));
      throw error;
    } finally {
      // The answer may be read before the server has said at what time it ended.
      await this.moving;
      this.read += 1;
      this.active += 1;
    }
  }

  async together(all: readonly (() => Promise<void>)[]): Promise<void> {
    this.active += all.length;
    this.leave();
    try {
      await Promise.all(all.map((one) => one().finally(() => this.leave())));
      this.throwIfFailed();
    } finally {
      this.active += 1;
    }
  }

  cameAt(chunk: unknown): number {
    return timed.parse(chunk).modelled_ms;
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.server.signal.removeEventListener("abort", this.abort);
    if (!this.server.signal.aborted) await tell(this.server, { hold: false });
  }

  private throwIfFailed(): void {
    this.server.signal.throwIfAborted();
    if (this.failure) throw this.failure;
  }

  /** One session fewer is active; when none is, time goes on. A session that takes over does so before this looks. */
  private leave(): void {
    this.active -= 1;
    setImmediate(() => this.goOn());
  }

  private goOn(): void {
    const everybodyWaits = this.active === 0 && this.read === this.over;
    if (!everybodyWaits || this.moving || this.failure) return;
    const unanswered = this.begun > this.over;
    if (!unanswered && this.pauses.length === 0) return;
    this.moving = this.move().finally(() => {
      this.moving = undefined;
      // Whoever pauses no longer has not begun to act; whoever has read an answer's end is behind this.
      setImmediate(() => this.goOn());
    });
  }

  /** Never rejects. */
  private async move(): Promise<void> {
    try {
      const first = Math.min(...this.pauses.map(({ until }) => until));
      const until = Number.isFinite(first) ? first : null;
      const signal = AbortSignal.any([this.server.signal, this.failed.signal]);
      const answer = await tell({ ...this.server, signal }, { until, begun: this.begun, over: this.over });
      if (answer.over === this.over && answer.now < first)
        throw new Error("the simulated server's time stands still: it has no request that it could answer");
      this.time = answer.now;
      this.over = answer.over;
    } catch (error) {
      this.fail(error instanceof Error ? error : new Error(String(error)));
    }
    for (const one of this.pauses.filter(({ until }) => until <= this.time)) {
      this.active += 1;
      one.wake();
    }
    this.pauses = this.pauses.filter(({ until }) => until > this.time);
  }

  private fail(reason: Error): void {
    if (this.failure) return;
    this.failure = reason;
    this.failed.abort();
    const pauses = this.pauses;
    this.pauses = [];
    this.active += pauses.length;
    for (const one of pauses) one.fail(this.server.signal.aborted ? this.server.signal.reason : reason);
    // What is under way is answered then, and whoever asked goes on to its end.
    void this.close().catch((error: unknown) => {
      // A server that is gone answers nobody any more: the first failure is what is told.
      this.failure = new Error(reason.message, { cause: error });
    });
  }
}

/** The server answered, if only with a refusal. */
const isAnswer = (error: unknown): boolean => error instanceof OpenAI.APIError && error.status !== undefined;

/** Says something about the time of a server in virtual time. */
async function tell(server: Server, command: unknown): Promise<TimeAnswer> {
  const response = await fetch(`${originOf(server.baseUrl)}${TIME_PATH}`, {
    method: "POST",
    body: JSON.stringify(command),
    signal: server.signal,
  });
  if (!response.ok) throw new Error(`${TIME_PATH} answered ${response.status}: ${await response.text()}`);
  return timeAnswer.parse(await response.json());
}
