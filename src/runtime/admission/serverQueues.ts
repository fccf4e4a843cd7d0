import type { ServerLoad } from "../../core/schedule/budget.ts";
import type { AdmissionSettings } from "../../core/schedule/model.ts";
import {
  type Entry,
  type ModeObserver,
  type Ticket,
  Turnstile,
  type TurnstileWorld,
  type WaitObserver,
} from "./turnstile.ts";

/** Reads one server's load again and again until stopped; a failed reading is not told. */
export type WatchLoad = (baseUrl: string, tell: (load: ServerLoad) => void) => { stop(): void };

interface ServerQueue {
  turnstile: Turnstile;
  watch: { stop(): void } | undefined;
  inside: number;
  cancelRest: (() => void) | undefined;
}

/** Without a request for this long the server's metrics are not read any more (ms). */
const REST_MS = 60_000;

/** One turnstile for each model server, and its load for as long as somebody uses it. */
export class ServerQueues {
  private readonly settings: AdmissionSettings;
  private readonly world: TurnstileWorld;
  private readonly watchLoad: WatchLoad;
  private readonly tell: WaitObserver;
  private readonly modeIs: (baseUrl: string, ...about: Parameters<ModeObserver>) => void;
  private readonly queues = new Map<string, ServerQueue>();

  constructor(
    settings: AdmissionSettings,
    world: TurnstileWorld,
    watchLoad: WatchLoad,
    tell: WaitObserver,
    modeIs: (baseUrl: string, ...about: Parameters<ModeObserver>) => void = () => undefined,
  ) {
    this.modeIs = modeIs;
    this.settings = settings;
    this.world = world;
    this.watchLoad = watchLoad;
    this.tell = tell;
  }

  /**
   * Waits for a turn at the server of `baseUrl`.
   * @throws the signal's reason when the caller leaves.
   */
  async enter(baseUrl: string, entry: Entry, signal: AbortSignal): Promise<Ticket> {
    const queue = this.queueOf(baseUrl);
    queue.inside += 1;
    queue.cancelRest?.();
    queue.cancelRest = undefined;
    queue.watch ??= this.watchLoad(baseUrl, (load) => queue.turnstile.heard(load));
    try {
      const ticket = await queue.turnstile.enter(entry, signal);
      return {
        waitedMs: ticket.waitedMs,
        leave: once(() => {
          ticket.leave();
          this.left(queue);
        }),
      };
    } catch (error) {
      this.left(queue);
      throw error;
    }
  }

  /** A session's turn is over, wherever its requests went. */
  ended(session: string): void {
    for (const { turnstile } of this.queues.values()) turnstile.ended(session);
  }

  status(): Record<string, ReturnType<Turnstile["status"]>> {
    return Object.fromEntries([...this.queues].map(([baseUrl, { turnstile }]) => [baseUrl, turnstile.status()]));
  }

  close(): void {
    for (const queue of this.queues.values()) {
      queue.cancelRest?.();
      queue.watch?.stop();
      queue.turnstile.close();
    }
    this.queues.clear();
  }

  private queueOf(baseUrl: string): ServerQueue {
    const known = this.queues.get(baseUrl);
    if (known) return known;
    const turnstile = new Turnstile(this.settings, this.world, this.tell, (...about) => this.modeIs(baseUrl, ...about));
    const made: ServerQueue = { turnstile, watch: undefined, inside: 0, cancelRest: undefined };
    this.queues.set(baseUrl, made);
    return made;
  }

  private left(queue: ServerQueue): void {
    queue.inside -= 1;
    if (queue.inside > 0) return;
    queue.cancelRest = this.world.after(REST_MS, () => {
      queue.watch?.stop();
      queue.watch = undefined;
    });
  }
}

function once(call: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    call();
  };
}
