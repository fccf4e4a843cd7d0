import { mergeWindows } from "../../core/routing/limits/usage.ts";
import type { LimitWindow } from "../../core/routing/limits/window.ts";
import type { RoutingStore } from "../../ports/routingStore.ts";

/** A window that says nearly what was heard of it just now is not written again (percent points, ms). */
const ALIKE_PERCENT = 0.5;
const ALIKE_MS = 30_000;

/**
 * The limits as they are told while work runs: in memory at once, and in the store for other processes, one write at a time.
 * What changes by the second, the load of our own server, stays in memory.
 */
export class LimitsFeed {
  private readonly store: Pick<RoutingStore, "limits" | "saveLimits">;
  private readonly log: (message: string, error?: unknown) => void;
  private own: LimitWindow[] = [];
  private saving: Promise<void> = Promise.resolve();
  private waiting = false;

  constructor(store: Pick<RoutingStore, "limits" | "saveLimits">, log: (message: string, error?: unknown) => void) {
    this.store = store;
    this.log = log;
  }

  /** Never waits and never throws. */
  hear(windows: readonly LimitWindow[], now: number): void {
    const news = windows.filter((window) => !this.own.some((known) => alike(known, window)));
    if (news.length === 0) return;
    this.own = mergeWindows(this.own, news, now);
    if (this.waiting || news.every(({ windowKind }) => windowKind === "gpu")) return;
    this.waiting = true;
    this.saving = this.saving
      .then(() => this.save(now))
      .catch((error: unknown) => this.log("limits that were told cannot be kept", error));
  }

  /** What was heard in this process. */
  known(): readonly LimitWindow[] {
    return this.own;
  }

  /** What the store has and what was heard. @throws where the store cannot be used. */
  async all(now: number): Promise<LimitWindow[]> {
    return mergeWindows(await this.store.limits(), this.own, now);
  }

  /** Resolves when what was heard so far is kept. */
  async settled(): Promise<void> {
    await this.saving;
  }

  private async save(now: number): Promise<void> {
    const stored = await this.store.limits();
    // From here on whatever is heard needs a write of its own.
    this.waiting = false;
    const lasting = this.own.filter(({ windowKind }) => windowKind !== "gpu");
    await this.store.saveLimits(mergeWindows(stored, lasting, now));
  }
}

function alike(known: LimitWindow, heard: LimitWindow): boolean {
  if (known.provider !== heard.provider || known.windowKind !== heard.windowKind) return false;
  if (known.model !== heard.model || known.account !== heard.account) return false;
  if (Math.abs((known.usedPercent ?? -1) - (heard.usedPercent ?? -1)) > ALIKE_PERCENT) return false;
  // A window that passes its threshold is news, however small the step.
  if (heard.usedPercent !== known.usedPercent && heard.usedPercent !== undefined && heard.usedPercent >= 85)
    return false;
  if (Math.abs((known.resetsAt ?? 0) - (heard.resetsAt ?? 0)) > ALIKE_MS) return false;
  return heard.observedAt - known.observedAt < ALIKE_MS;
}
