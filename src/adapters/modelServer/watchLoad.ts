import type { ServerSnapshot } from "../../core/metrics/serverSnapshot.ts";
import type { ServerLoad } from "../../core/schedule/budget.ts";
import { poolOf } from "../../core/schedule/pool.ts";
import { pollMetrics } from "./metricsPoller.ts";

/** Milliseconds between two readings: vLLM logs and averages by seconds, and an answer's first token takes longer. */
const EVERY_MS = 1_000;

/**
 * Tells a server's load every second until stopped. Silent while it has no metrics: what was told grows old by itself.
 * @param seen gets every reading as well
 */
export function watchLoad(
  baseUrl: string,
  tell: (load: ServerLoad) => void,
  seen: (reading: { at: number; snapshot: ServerSnapshot }) => void = () => undefined,
): { stop(): void } {
  return pollMetrics({ baseUrl, everyMs: EVERY_MS }, (reading) => {
    if (reading.ok) seen(reading);
    const load = reading.ok ? loadOf(reading.at, reading.snapshot) : undefined;
    if (load) tell(load);
  });
}

/** What admission needs of a snapshot; undefined where the server does not say how many requests it has. */
export function loadOf(at: number, snapshot: ServerSnapshot): ServerLoad | undefined {
  const { running, waiting, kvUsage, preemptions, cache } = snapshot;
  const pool = cache && poolOf(cache);
  if (running === undefined || waiting === undefined) return undefined;
  return {
    at,
    running,
    waiting,
    ...(kvUsage === undefined ? {} : { kvUsage }),
    ...(preemptions === undefined ? {} : { preemptions }),
    ...(pool ? { kvTokens: pool.tokens, sessionTokens: pool.perSession } : {}),
  };
}
