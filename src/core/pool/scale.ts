/** Requests that one OpenCode server takes at once. */
export const SLOTS = 10;
/** Share of all places in use above which one more server is started. */
const UP_ABOVE = 0.8;
/** Share below which one is stopped, once it has been so for `DOWN_AFTER_MS`. */
const DOWN_BELOW = 0.3;
const DOWN_AFTER_MS = 60_000;

export interface PoolLoad {
  /** Requests that run or wait for a place. */
  busy: number;
  /** Servers that serve or are being started. */
  servers: number;
  min: number;
  max: number;
  /** Since when the load has been low, ms since any epoch; undefined while it is not. */
  lowSince: number | undefined;
}

/** What to do about the number of servers now, and since when the load has been low. */
export function scaleOf(load: PoolLoad, now: number): { action: "up" | "down" | "none"; lowSince: number | undefined } {
  const share = load.busy / Math.max(1, load.servers * SLOTS);
  if (share > UP_ABOVE) return { action: load.servers < load.max ? "up" : "none", lowSince: undefined };
  if (share >= DOWN_BELOW) return { action: "none", lowSince: undefined };
  const lowSince = load.lowSince ?? now;
  if (now - lowSince <= DOWN_AFTER_MS || load.servers <= load.min) return { action: "none", lowSince };
  // The next one goes after another minute, not with this one.
  return { action: "down", lowSince: now };
}

/** The least busy of `servers` with a free place, those that are alike in turn. @param turn counts the picks */
export function pickServer<T extends { busyCount: number }>(servers: readonly T[], turn: number): T | undefined {
  const least = Math.min(...servers.map(({ busyCount }) => busyCount));
  if (servers.length === 0 || least >= SLOTS) return undefined;
  const alike = servers.filter(({ busyCount }) => busyCount === least);
  return alike[turn % alike.length];
}
