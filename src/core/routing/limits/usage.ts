import { limitReached } from "../hysteresis.ts";
import type { LimitWindow } from "./window.ts";

/** A window without a reset and without a length is believed so long (ms): an hour after a header nobody knows. */
const BELIEVED_MS = 3_600_000;

/** Whether what was observed can still be so: its reset, or the end of its length, has not come yet. */
export function stillHolds(window: LimitWindow, now: number): boolean {
  if (window.resetsAt !== undefined) return window.resetsAt > now;
  const length = window.windowSeconds === undefined ? BELIEVED_MS : window.windowSeconds * 1000;
  return window.observedAt + length > now;
}

/**
 * Adds a reading to what is known: the newer observation of the same window of the same account and model replaces the
 * older one, whatever the source; one that says nothing of its use replaces none that does and still holds. A person's own
 * figure stays until its window has passed.
 */
export function mergeWindows(known: readonly LimitWindow[], read: readonly LimitWindow[], now: number): LimitWindow[] {
  const merged = new Map<string, LimitWindow>();
  for (const window of [...known, ...read]) {
    if (!stillHolds(window, now)) continue;
    const key = [window.provider, window.account, window.model, window.windowKind].join("\u0000");
    const before = merged.get(key);
    if (before === undefined || replaces(window, before)) merged.set(key, window);
  }
  return [...merged.values()];
}

function replaces(window: LimitWindow, before: LimitWindow): boolean {
  if (before.confidence === "manual" && window.confidence !== "manual") return false;
  if (window.usedPercent === undefined && before.usedPercent !== undefined) return false;
  if (before.usedPercent === undefined && window.usedPercent !== undefined) return true;
  return window.confidence === "manual" || window.observedAt >= before.observedAt;
}

/** How full a provider is. */
export interface ProviderUsage {
  /** Percent of its fullest known window that holds back requests; undefined where none is known. */
  percent: number | undefined;
  /** When work can go on: the latest reset of the windows that are exhausted (milliseconds since the epoch). */
  resetsAt: number | undefined;
}

/** What the windows of one provider come to; windows hold together, so the fullest counts. */
export function usageOf(
  provider: string,
  windows: readonly LimitWindow[],
  threshold: number,
  now: number,
): ProviderUsage {
  const all = windows.filter((window) => window.provider === provider && window.blocks && stillHolds(window, now));
  const own = all.filter(({ model }) => model === undefined);
  const models = all.filter(({ model }) => model !== undefined);
  // Where only single models have quotas, the provider is full when every one of them is.
  const perModel =
    own.length === 0 && models.every(({ usedPercent }) => usedPercent !== undefined)
      ? Math.min(...models.map(({ usedPercent }) => usedPercent ?? 0))
      : undefined;
  const known = [...own.map(({ usedPercent }) => usedPercent), models.length > 0 ? perModel : undefined].filter(
    (percent) => percent !== undefined,
  );
  const resets = (own.length > 0 ? own : models)
    .filter(({ usedPercent = 0 }) => usedPercent >= threshold)
    .flatMap(({ resetsAt }) => (resetsAt === undefined ? [] : [resetsAt]));
  return {
    percent: known.length === 0 ? undefined : Math.max(...known),
    resetsAt: resets.length === 0 ? undefined : Math.max(...resets),
  };
}

/** Whether the one warning before a limit is due: 70 to 90 % of the primary, no mode on, not said since it was below. */
export function warningDue(
  percent: number | undefined,
  zone: { from: number; limit: number },
  state: { modeOn: boolean; warned: boolean },
): { due: boolean; warned: boolean } {
  const inZone = percent !== undefined && percent >= zone.from && !limitReached(false, percent, zone.limit);
  if (percent !== undefined && percent < zone.from) return { due: false, warned: false };
  if (!inZone || state.modeOn) return { due: false, warned: state.warned };
  return { due: !state.warned, warned: true };
}
