import type { ServerSnapshot } from "../metrics/serverSnapshot.ts";
import type { Gauges } from "./liveState.ts";

/** A server's metrics at one time (ms since the epoch). */
export interface Reading {
  at: number;
  snapshot: ServerSnapshot;
}

/** Rates are taken over so many ms: shorter ones jump with every batch, longer ones show what was. */
const WINDOW_MS = 10_000;

/** Of a server's readings, oldest first, those that later gauges still need. */
export function recentReadings(readings: readonly Reading[], now: number): Reading[] {
  return readings.filter(({ at }) => now - at <= WINDOW_MS);
}

/**
 * The gauges of one server; undefined where there is no reading. What the server does not say is absent; a counter that
 * went back (the server was started anew) gives no rate.
 *
 * @param readings of the last seconds, oldest first
 */
export function gaugesOf(server: string, readings: readonly Reading[]): Gauges | undefined {
  const newest = readings.at(-1);
  const oldest = readings[0];
  if (!newest || !oldest) return undefined;
  const { running, waiting, kvUsage } = newest.snapshot;
  const grown = (name: "generationTokens" | "promptTokens" | "prefixHits" | "prefixQueries") => {
    const [before, after] = [oldest.snapshot[name], newest.snapshot[name]];
    return before === undefined || after === undefined || after < before ? undefined : after - before;
  };
  const seconds = (newest.at - oldest.at) / 1000;
  const rate = (tokens: number | undefined) => (tokens === undefined || seconds <= 0 ? undefined : tokens / seconds);
  const values = {
    running,
    waiting,
    kvUsage,
    prefixHits:
      share(grown("prefixHits"), grown("prefixQueries")) ??
      share(newest.snapshot.prefixHits, newest.snapshot.prefixQueries),
    outputRate: rate(grown("generationTokens")),
    promptRate: rate(grown("promptTokens")),
  };
  const known = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  return { server, at: newest.at, ...known };
}

function share(part: number | undefined, whole: number | undefined): number | undefined {
  if (part === undefined || whole === undefined || whole <= 0) return undefined;
  return Math.min(1, part / whole);
}
