import { z } from "zod";
import type { VirtualPace } from "./pace.ts";
import type { PacedEngine } from "./pacedEngine.ts";

/** Where a client holds and moves the time of a server in virtual time. */
export const TIME_PATH = "/simulated/time";

/** What a client may say: that it holds time or lets it go, or how far time may go on. */
export const timeCommand = z.union([
  z.strictObject({ hold: z.boolean() }),
  z.strictObject({
    /** Modelled milliseconds at which the client will do something by itself; null: it only waits for answers. */
    until: z.number().nonnegative().nullable(),
    /** Requests the server has to have before time goes on, counted from its start. */
    begun: z.number().int().nonnegative(),
    /** Requests the client knows to be over: where more are, time stands still until it has read their answers. */
    over: z.number().int().nonnegative(),
  }),
]);
type TimeCommand = z.infer<typeof timeCommand>;

/** What the server answers. */
export const timeAnswer = z.object({ now: z.number(), begun: z.number(), over: z.number() });
export type TimeAnswer = z.infer<typeof timeAnswer>;

/** A client that said nothing for so long is gone (real milliseconds); its hold would stop everybody else. */
const HOLD_MS = 60_000;

/** The time of one simulated server, in the hands of the client that measures it. */
export class VirtualTime {
  private readonly engine: PacedEngine;
  private readonly pace: VirtualPace;
  private lost: NodeJS.Timeout | undefined;

  constructor(engine: PacedEngine, pace: VirtualPace) {
    this.engine = engine;
    this.pace = pace;
  }

  /** Does what a client says; undefined where it has to hold time first. */
  async obey(command: TimeCommand): Promise<TimeAnswer | undefined> {
    if ("hold" in command) {
      this.hold(command.hold);
      return this.answer();
    }
    if (!this.lost) return undefined;
    this.hold(true);
    await this.arrived(command.begun);
    if (!this.lost) return undefined;
    this.pace.goTo(command.until ?? Number.POSITIVE_INFINITY, () => this.engine.tally().over > command.over);
    return this.answer();
  }

  private answer(): TimeAnswer {
    const { begun, over } = this.engine.tally();
    return { now: this.pace.now(), begun, over };
  }

  private hold(held: boolean): void {
    clearTimeout(this.lost);
    this.lost = held ? setTimeout(() => this.hold(false), HOLD_MS) : undefined;
    this.lost?.unref();
    this.pace.hold(held);
  }

  /** Resolves when so many requests have come and the scheduler has all of them. */
  private arrived(begun: number): Promise<void> {
    const all = () => {
      const tally = this.engine.tally();
      return tally.begun >= begun && tally.undecided === 0;
    };
    return new Promise((resolve) => {
      if (all()) return resolve();
      const stop = this.engine.watch(() => {
        if (!all()) return;
        stop();
        resolve();
      });
    });
  }
}
