/** The longest delay a timer takes (ms); a longer one would be over at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * An end to waiting, as a signal: after a time, or with another signal.
 *
 * `AbortSignal.timeout` does not do for a signal that is handed on. On Node 20 `AbortSignal.any` and a `Request` made of a
 * `Request` (the OpenCode SDK makes one for every GET) hold what they were made of weakly: a garbage collection in between and
 * the limit is never heard of. Here the timer and the listeners hold the signal, until `clear`.
 */
export class TimeLimit {
  readonly signal: AbortSignal;
  private readonly controller = new AbortController();
  private readonly outer: readonly AbortSignal[];
  private readonly timer: NodeJS.Timeout;
  private over = false;

  /** @param ms until it ends with a TimeoutError; with one of `outer` it ends sooner, with that one's reason */
  constructor(ms: number, ...outer: readonly AbortSignal[]) {
    this.signal = this.controller.signal;
    this.outer = outer;
    this.timer = setTimeout(
      () => {
        this.over = true;
        this.controller.abort(new DOMException(`No answer within ${ms / 1000} s.`, "TimeoutError"));
      },
      Math.min(ms, LONGEST_TIMER),
    );
    // Like AbortSignal.timeout: what is waited for keeps a process alive, its limit does not.
    this.timer.unref();
    for (const each of outer) {
      if (each.aborted) this.controller.abort(each.reason);
      each.addEventListener("abort", this.follow);
    }
  }

  /** Whether it was the time that ended it. */
  get expired(): boolean {
    return this.over;
  }

  /** What `work` comes to, or the signal's reason as soon as it ends, whether or not `work` minds it. */
  async race<T>(work: Promise<T>): Promise<T> {
    const { signal } = this;
    let stop: () => void = () => undefined;
    const ended = new Promise<never>((_, reject) => {
      stop = () => reject(signal.reason);
      if (signal.aborted) stop();
      signal.addEventListener("abort", stop);
    });
    return await Promise.race([work, ended]).finally(() => signal.removeEventListener("abort", stop));
  }

  /** Nobody waits any more. */
  clear(): void {
    clearTimeout(this.timer);
    for (const each of this.outer) each.removeEventListener("abort", this.follow);
  }

  private readonly follow = (event: Event): void => {
    if (event.target instanceof AbortSignal) this.controller.abort(event.target.reason);
  };
}

/** Does `work` under a limit. @throws TimeoutError after `ms`, the reason of one of `outer` with it, and what `work` throws */
export async function withinTime<T>(
  ms: number,
  outer: AbortSignal | readonly AbortSignal[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new TimeLimit(ms, ...(outer instanceof AbortSignal ? [outer] : outer));
  try {
    limit.signal.throwIfAborted();
    return await limit.race(work(limit.signal));
  } finally {
    limit.clear();
  }
}
