import { z } from "zod";
import { tokensSchema } from "../workflow/model.ts";

const count = z.number().min(0);

/** What one model server does, as far as it says it: rates are of tokens a second, over the last seconds. */
export const gaugesSchema = z.object({
  /** `host:port`. */
  server: z.string(),
  /** Of the newest reading, ms since the epoch. */
  at: z.number(),
  running: count.optional(),
  waiting: count.optional(),
  /** Share of the KV cache in use, 0 to 1. */
  kvUsage: z.number().min(0).max(1).optional(),
  /** Share of the prompt's tokens that the prefix cache had, 0 to 1. */
  prefixHits: z.number().min(0).max(1).optional(),
  outputRate: count.optional(),
  promptRate: count.optional(),
});
export type Gauges = z.infer<typeof gaugesSchema>;

/**
 * What only the process that drives a swarm knows, as it tells the others: `.aegis/live.json`. Replaced as a whole, and
 * renewed while the swarm is open, so that an old one is known for one.
 */
export const liveStateSchema = z.object({
  /** ms since the epoch. */
  at: z.number(),
  pid: z.number().int(),
  swarm: z.string(),
  /** The provider whose limits the routing spares. */
  primary: z.string(),
  workers: z.record(
    z.string(),
    z.object({
      doing: z.string().optional(),
      tokens: tokensSchema.optional(),
      /** Requests that go before its own, while it waits for the GPU. */
      ahead: z.number().int().min(0).optional(),
    }),
  ),
  servers: z.array(gaugesSchema),
});
export type LiveState = z.infer<typeof liveStateSchema>;

/** The driving process renews its file this often (ms) while nothing changes. */
export const LIVE_BEAT_MS = 2_000;
/** Older than this (ms) nobody renews it any more: some beats, for a machine that is slow. */
const STALE_MS = 5 * LIVE_BEAT_MS;

export function isFresh(live: Pick<LiveState, "at">, now: number): boolean {
  return now - live.at <= STALE_MS;
}
