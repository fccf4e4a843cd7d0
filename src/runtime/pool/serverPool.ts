import { pickServer, scaleOf } from "../../core/pool/scale.ts";
import { type PoolAnswer, type PoolRequest, type PoolServers, ServerLostError } from "../../ports/poolServers.ts";
import { messageOf } from "../../ports/thrown.ts";
import { PoolError } from "./poolError.ts";
import { Seat } from "./seat.ts";
import { ServerStarts } from "./serverStarts.ts";

export interface PoolSettings {
  minServers: number;
  maxServers: number;
  basePort: number;
  autoScale: boolean;
  /** Between two looks at every server (ms). */
  healthEveryMs: number;
  /** Monotonic milliseconds. */
  now(): number;
  /** Notes for the operator. */
  log(message: string): void;
}

/** A server that dies so often in a row is not started again (a broken installation, not an accident). */
const RESTARTS = 3;

/** Servers that stay warm, and the requests between them. */
export class ServerPool {
  private readonly seats: Seat[] = [];
  private readonly waiting: (() => void)[] = [];
  private readonly settings: PoolSettings;
  private readonly starts: ServerStarts;
  private starting = 0;
  private turn = 0;
  private lowSince: number | undefined;
  private failures = 0;
  private closed = false;
  private timer: NodeJS.Timeout | undefined;
  private total = 0;
  private totalMs = 0;
  private answered = 0;

  constructor(servers: PoolServers, settings: PoolSettings) {
    this.starts = new ServerStarts(servers, settings.basePort);
    this.settings = settings;
  }

  /** Starts the least number of servers. @throws PoolError where none comes up */
  async initialize(): Promise<void> {
    const { minServers, healthEveryMs } = this.settings;
    const missing = Math.max(0, minServers - this.seats.length - this.starting);
    const started = await Promise.allSettled(Array.from({ length: missing }, () => this.grow()));
    if (this.seats.length === 0) {
      const why = started.flatMap((one) => (one.status === "rejected" ? [String(one.reason)] : []));
      throw new PoolError("empty", `No OpenCode server came up: ${why[0] ?? "the pool is shut down"}`);
    }
    this.timer ??= setInterval(() => this.look(), healthEveryMs);
    this.timer.unref();
  }

  /** Does one request; one whose server goes away under it is done once more elsewhere. */
  async execute(request: PoolRequest, signal: AbortSignal): Promise<PoolAnswer> {
    this.total += 1;
    const started = this.settings.now();
    try {
      return await this.once(request, signal);
    } catch (error) {
      if (!(error instanceof ServerLostError) || signal.aborted || this.closed) throw error;
      this.settings.log(`${error.message}; its request is done again elsewhere`);
      return await this.once(request, signal);
    } finally {
      this.answered += 1;
      this.totalMs += this.settings.now() - started;
    }
  }

  available(): { port: number; busyCount: number } | undefined {
    const seat = this.pick();
    return seat && { port: seat.server.port, busyCount: seat.busyCount };
  }

  status() {
    const busyServers = this.seats.filter(({ busyCount }) => busyCount > 0).length;
    return {
      activeServers: this.seats.length,
      idleServers: this.seats.length - busyServers,
      busyServers,
      totalRequests: this.total,
      /** ms; 0 before the first answer. */
      averageResponseTime: this.answered === 0 ? 0 : Math.round(this.totalMs / this.answered),
    };
  }

  /** Ends every server and refuses what waits. */
  async shutdown(): Promise<void> {
    this.closed = true;
    clearInterval(this.timer);
    this.wakeAll();
    await Promise.all(this.seats.splice(0).map(({ server }) => server.stop()));
  }

  private async once(request: PoolRequest, signal: AbortSignal): Promise<PoolAnswer> {
    const seat = await this.seat(signal);
    try {
      const answer = await seat.server.ask(request, signal);
      seat.answers += 1;
      return answer;
    } catch (error) {
      // Its end may not be seen yet: without this look the request could be given to the same server again.
      if (error instanceof ServerLostError) await this.check(seat);
      throw error;
    } finally {
      seat.busyCount -= 1;
      this.scale();
      this.wakeAll();
    }
  }

  /** A place at a server, waited for where all are taken. */
  private async seat(signal: AbortSignal): Promise<Seat> {
    for (;;) {
      if (this.closed) throw new PoolError("closed", "The pool is shut down.");
      signal.throwIfAborted();
      const seat = this.pick();
      if (seat) {
        this.turn += 1;
        seat.busyCount += 1;
        this.scale();
        return seat;
      }
      if (this.seats.length === 0 && this.starting === 0)
        throw new PoolError("empty", "No OpenCode server is left, and none could be started.");
      await this.place(signal);
    }
  }

  /** Until something changed, or the caller gave up. */
  private place(signal: AbortSignal): Promise<void> {
    const done = new AbortController();
    return new Promise<void>((resolve) => {
      this.waiting.push(resolve);
      signal.addEventListener("abort", () => resolve(), { signal: done.signal });
      this.scale();
    }).finally(() => done.abort());
  }

  private pick(): Seat | undefined {
    return pickServer(
      this.seats.filter(({ closing }) => !closing),
      this.turn,
    );
  }

  private scale(): void {
    const { autoScale, minServers: min, maxServers: max, now } = this.settings;
    if (!autoScale || this.closed) return;
    const busy = this.seats.reduce((sum, { busyCount }) => sum + busyCount, 0) + this.waiting.length;
    const servers = this.seats.length + this.starting;
    const { action, lowSince } = scaleOf({ busy, servers, min, max, lowSince: this.lowSince }, now());
    this.lowSince = lowSince;
    if (action === "up")
      this.grow().catch((error: unknown) => this.settings.log(`no further server: ${String(error)}`));
    if (action === "down") {
      const idle = this.seats.findLast(({ busyCount, closing }) => busyCount === 0 && !closing);
      if (idle) void this.retire(idle);
    }
  }

  /** Starts a server on `port`, or on the next free one. */
  private async grow(port?: number): Promise<void> {
    this.starting += 1;
    try {
      const server = await this.starts.start(port);
      if (this.closed) {
        await server.stop();
        return;
      }
      const seat = new Seat(server);
      this.seats.push(seat);
      void server.ended.then(() => this.lost(seat));
    } finally {
      this.starting -= 1;
      this.wakeAll();
    }
  }

  /** A server that ended by itself is started again on its port. */
  private async lost(seat: Seat): Promise<void> {
    const at = this.seats.indexOf(seat);
    if (at < 0) return;
    this.seats.splice(at, 1);
    this.failures += 1;
    this.settings.log(`the server on port ${seat.server.port} ended`);
    if (this.closed || this.failures > RESTARTS) return this.wakeAll();
    try {
      await this.grow(seat.server.port);
    } catch (error) {
      this.settings.log(`it could not be started again: ${String(error)}`);
    }
  }

  private look(): void {
    this.scale();
    for (const seat of this.seats) void this.check(seat);
  }

  /** Looks at a server: one that does not answer is ended, which starts it anew and does its requests elsewhere. */
  private async check(seat: Seat): Promise<void> {
    if (seat.closing) return;
    const well = await seat.well();
    if (well) this.failures = 0;
    if (well || seat.closing || !this.seats.includes(seat)) return;
    seat.closing = true;
    this.settings.log(`the server on port ${seat.server.port} does not answer and is replaced`);
    seat.server.stop().catch((error: unknown) => this.settings.log(`it could not be ended: ${messageOf(error)}`));
  }

  private async retire(seat: Seat): Promise<void> {
    seat.closing = true;
    this.seats.splice(this.seats.indexOf(seat), 1);
    await seat.server.stop();
  }

  private wakeAll(): void {
    for (const wake of this.waiting.splice(0)) wake();
  }
}
