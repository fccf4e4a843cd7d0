import type { Redis } from "ioredis";
import { CHANGES } from "./redisJobs.ts";

/** A lock that expires is told by nobody: whoever waits looks at least as often (ms). */
const LOOK_EVERY_MS = 2_000;

/** Hears what others do to jobs, over a connection of its own that the first one to listen opens. */
export class RedisChanges {
  private readonly open: () => Redis;
  private readonly log: (message: string, error?: unknown) => void;
  private subscriber: Redis | undefined;

  constructor(open: () => Redis, log: (message: string, error?: unknown) => void) {
    this.open = open;
    this.log = log;
  }

  /** Ends with the next change of a job (of `id`, where given), with the signal, and after two seconds in any case. */
  next(signal: AbortSignal, id: string | undefined): Promise<void> {
    const first = this.subscriber === undefined;
    this.subscriber ??= this.open();
    const from = this.subscriber;
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        from.off("message", hear);
        resolve();
      };
      const hear = (_channel: string, changed: string) => {
        if (id === undefined || id === changed) end();
      };
      const timer = setTimeout(end, LOOK_EVERY_MS);
      signal.addEventListener("abort", end);
      if (signal.aborted) return end();
      from.on("message", hear);
      // What happened before the first subscription stood was not heard.
      from.subscribe(CHANGES).then(first ? end : () => undefined, (error: unknown) => this.log("Redis", error));
    });
  }

  close(): void {
    this.subscriber?.disconnect();
  }
}
