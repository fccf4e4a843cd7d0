/**
 * Milliseconds after an aborted turn in which the host may still say that it ends the project's instance. OpenCode 1.18
 * aborts every session first and calls the plugin's `dispose` then: 12 ms after the first abort, with three sessions.
 */
const DOUBT_MS = 1_000;

/**
 * Tells a person's stop of a session from the host's own end of the project's instance (it reloads a project when its
 * configuration changes): both abort the turn, and only the first is a decision about the swarm.
 */
export class PersonStops {
  private ended = false;
  private readonly doubts = new Set<() => void>();
  private readonly pending = new Set<Promise<void>>();
  private readonly sleep: (ms: number) => Promise<void>;

  constructor(sleep: (ms: number) => Promise<void>) {
    this.sleep = sleep;
  }

  /** Whether the host has ended the instance: nothing that happens to a session counts any more. */
  get instanceEnded(): boolean {
    return this.ended;
  }

  /** Carries `stop` out once it is beyond doubt that the person aborted the turn, and never if the host did. */
  async afterDoubt(stop: () => Promise<void>): Promise<void> {
    const decided = new Promise<void>((resolve) => this.doubts.add(resolve));
    const work = Promise.race([decided, this.sleep(DOUBT_MS)]).then(() => (this.ended ? undefined : stop()));
    this.pending.add(work);
    await work.finally(() => this.pending.delete(work));
  }

  /** The person is here, so every stop was theirs: resolves when all are carried out. */
  async settle(): Promise<void> {
    this.decide();
    await Promise.allSettled(this.pending);
  }

  /** The host ends the instance: the stops in doubt were its own. */
  end(): void {
    this.ended = true;
    this.decide();
  }

  private decide(): void {
    for (const resolve of this.doubts) resolve();
    this.doubts.clear();
  }
}
