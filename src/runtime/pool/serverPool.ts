import { pickServer, scaleOf } from "../../core/pool/scale.ts";
import {
  type PoolAnswer,
  type PoolRequest,
  type PoolServer,
  type PoolServers,
  ServerLostError,
} from "../../ports/poolServers.ts";

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

/** No server could be had, or the pool was shut down. */
export class PoolError extends Error {
  override readonly name = "PoolError";
  /** `empty`: no server is there and none could be started, so the work can be done without one. */
  readonly code: "empty" | "closed" | "ports";

  constructor(code: PoolError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

interface Seat {
  server: PoolServer;
  busyCount: number;
  /** No new requests: it is being stopped, or was seen ill. */
  closing: boolean;
}

/** Ports looked at for one server: more than that in a row are not taken by chance. */
const PORTS = 100;
/** A server that dies so often in a row is not started again (a broken installation, not an accident). */
const RESTARTS = 3;

/** Servers that stay warm, and the requests between them. */
export class ServerPool {
  private readonly seats: Seat[] = [];
  private readonly reserved = new Set<number>();
  private readonly waiting: (() => void)[] = [];
  private readonly settings: PoolSettings;
  private readonly servers: PoolServers;
  private starting = 0;
  private turn = 0;
  private lowSince: number | undefined;
  private failures = 0;
  private closed = false;
  private timer: NodeJS.Timeout | undefined;
  private total = 0;
  private totalMs = 0;
  /** Servers that are being looked at: one that hangs is asked once, not again and again. */
  private readonly lookedAt = new Set<Seat>();
  private answered = 0;

  constructor(servers: PoolServers, settings: PoolSettings) {
    this.servers = servers;
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
    this.timer ??= setInterval(() => void this.look(), healthEveryMs);
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
      return await seat.server.ask(request, signal);
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
      const server = await this.startOn(port);
      if (this.closed) {
        await server.stop();
        return;
      }
      const seat: Seat = { server, busyCount: 0, closing: false };
      this.seats.push(seat);
      void server.ended.then(() => this.lost(seat));
    } finally {
      this.starting -= 1;
      this.wakeAll();
    }
  }

  private async startOn(wanted: number | undefined): Promise<PoolServer> {
    const { basePort } = this.settings;
    const ports = [
      ...(wanted === undefined ? [] : [wanted]),
      ...Array.from({ length: PORTS }, (_, at) => basePort + at),
    ];
    for (const port of ports) {
      if (port > 65_535 || this.reserved.has(port)) continue;
      this.reserved.add(port);
      try {
        const server = await this.servers.start(port);
        if (server !== "taken") {
          void server.ended.then(() => this.reserved.delete(port));
          return server;
        }
      } catch (error) {
        this.reserved.delete(port);
        throw error;
      }
      this.reserved.delete(port);
    }
    throw new PoolError("ports", `Ports ${basePort} to ${basePort + PORTS - 1} are taken. Choose another basePort.`);
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

  /** Looks at every server: one that does not answer is ended, which starts it anew and its requests elsewhere. */
  private async look(): Promise<void> {
    this.scale();
    await Promise.all(
      this.seats.map(async (seat) => {
        if (seat.closing || this.lookedAt.has(seat)) return;
        this.lookedAt.add(seat);
        const well = await seat.server.healthy().finally(() => this.lookedAt.delete(seat));
        if (well) this.failures = 0;
        if (well || seat.closing || !this.seats.includes(seat)) return;
        seat.closing = true;
        this.settings.log(`the server on port ${seat.server.port} does not answer and is replaced`);
        await seat.server.stop();
      }),
    );
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
