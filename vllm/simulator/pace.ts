import { performance } from "node:perf_hooks";

/** When modelled time passes. Modelled milliseconds since the server's start. */
export interface Pace {
  now(): number;
  /** Calls `then` once when modelled time has come to `due`; takes the place of what was asked before. */
  at(due: number, then: () => void): void;
  cancel(): void;
}

/** Modelled time passes with the machine's clock, so many times faster. A late timer finds `now` beyond what it was set for. */
export class ScaledPace implements Pace {
  private readonly began = performance.now();
  private readonly scale: number;
  private timer: NodeJS.Timeout | undefined;

  /** @param scale modelled seconds in a real one */
  constructor(scale: number) {
    this.scale = scale;
  }

  now(): number {
    return (performance.now() - this.began) * this.scale;
  }

  at(due: number, then: () => void): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(then, (due - this.now()) / this.scale);
  }

  cancel(): void {
    clearTimeout(this.timer);
  }
}

/**
 * Modelled time jumps to whatever comes next: how busy the machine is changes no figure. Nobody holds it at first, and every
 * answer comes at once; a client that measures holds it and says how far it may go.
 */
export class VirtualPace implements Pace {
  private time = 0;
  private held = false;
  private next: { due: number; then: () => void } | undefined;
  private soon: NodeJS.Immediate | undefined;

  now(): number {
    return this.time;
  }

  at(due: number, then: () => void): void {
    this.next = { due, then };
    this.goFreely();
  }

  cancel(): void {
    this.next = undefined;
    clearImmediate(this.soon);
  }

  hold(held: boolean): void {
    this.held = held;
    clearImmediate(this.soon);
    this.goFreely();
  }

  /**
   * Lets time go on to `until`, or to the moment where `stop` says so.
   *
   * @param until modelled milliseconds; infinity: until nothing comes any more
   */
  goTo(until: number, stop: () => boolean): void {
    while (!stop()) {
      if (!this.next || this.next.due > until) {
        if (Number.isFinite(until)) this.time = Math.max(this.time, until);
        return;
      }
      this.goOn();
    }
  }

  private goOn(): void {
    const { next } = this;
    if (!next) return;
    this.next = undefined;
    this.time = Math.max(this.time, next.due);
    next.then();
  }

  private goFreely(): void {
    if (this.held || !this.next) return;
    clearImmediate(this.soon);
    this.soon = setImmediate(() => this.goOn());
  }
}
