/** How a session's turn ended. */
export type TurnEnd = { how: "finished" } | { how: "aborted" } | { how: "error"; message: string };

const ABORTED = "MessageAbortedError";

type Listener = (session: string, end: TurnEnd) => void;

/**
 * Tells when a session's turn has ended. The host says idle twice after an abort or an error, the first time before the
 * run is over; only the step from busy to idle counts here, so nobody acts twice on one end.
 */
export class Turns {
  private readonly busy = new Set<string>();
  private readonly errors = new Map<string, TurnEnd>();
  private readonly stopped = new Map<string, string>();
  private readonly onEnd: Listener;
  private readonly starts = new Map<string, Set<() => void>>();
  private readonly ends = new Map<string, Set<() => void>>();

  constructor(onEnd: Listener) {
    this.onEnd = onEnd;
  }

  isBusy(session: string): boolean {
    return this.busy.has(session);
  }

  started(session: string): void {
    this.busy.add(session);
    this.errors.delete(session);
    for (const wake of this.starts.get(session) ?? []) wake();
    this.starts.delete(session);
  }

  /**
   * Waits for the start of the turn that `begin` asks for. The host may take a prompt and run nothing.
   * @returns false where no turn started within `limitMs`.
   */
  async begins(session: string, begin: () => Promise<void>, limitMs: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const waiting = this.starts.get(session) ?? new Set();
    this.starts.set(session, waiting);
    const started = new Promise<boolean>((resolve) => {
      const wake = () => resolve(true);
      waiting.add(wake);
      timer = setTimeout(() => {
        waiting.delete(wake);
        resolve(false);
      }, limitMs);
    });
    try {
      await begin();
      return await started;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Resolves once no turn of the session is known to run, or with the signal. */
  async whenIdle(session: string, signal: AbortSignal): Promise<void> {
    while (this.busy.has(session) && !signal.aborted) {
      const waiting = this.ends.get(session) ?? new Set();
      this.ends.set(session, waiting);
      await new Promise<void>((resolve) => {
        waiting.add(resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }

  failed(session: string, error: { name: string; message: string }): void {
    const end: TurnEnd =
      error.name === ABORTED ? { how: "aborted" } : { how: "error", message: `${error.name}: ${error.message}` };
    this.errors.set(session, end);
  }

  /**
   * A message has ended in an error. Of a turn that was aborted before its request had a first byte the host says nothing
   * but this. It tells a message again whenever it changes: each counts once.
   * @param message ids of later messages sort behind those of earlier ones
   */
  messageFailed(session: string, message: string, error: string): void {
    if (error !== ABORTED || message <= (this.stopped.get(session) ?? "")) return;
    this.stopped.set(session, message);
    if (this.busy.has(session)) this.errors.set(session, { how: "aborted" });
  }

  idle(session: string): void {
    if (!this.busy.delete(session)) return;
    this.letGo(session);
    const end = this.errors.get(session) ?? { how: "finished" };
    this.errors.delete(session);
    this.onEnd(session, end);
  }

  forget(session: string): void {
    this.busy.delete(session);
    this.errors.delete(session);
    this.stopped.delete(session);
    this.letGo(session);
  }

  private letGo(session: string): void {
    for (const resolve of this.ends.get(session) ?? []) resolve();
    this.ends.delete(session);
  }
}
