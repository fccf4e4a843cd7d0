import { percentiles } from "../gate/percentiles.ts";
import type { Price } from "../routing/prices.ts";
import type { UsageCell } from "./timeBucket.ts";

/** One provider's or agent's requests of a window; what nothing is known of is null. */
export interface UsageRowReport {
  requests: number;
  errors: number;
  /** Answers that were cut (stopped, or a stream that broke); neither errors nor successes. */
  cut: number;
  /** Of those that were not cut, 0 to 1. */
  successRate: number | null;
  cacheHitRate: number | null;
  /** ms. */
  latency: { avg: number; p50: number; p95: number; p99: number; max: number } | null;
  tokens: { input: number; output: number };
  /** US dollars of what has a known price; null where nothing of it has. */
  cost: number | null;
  /** Tokens whose price nobody knows; they are not in `cost`. */
  unpriced: number;
}

/** Requests of cells as one row. @param costOf of one cell, in US dollars; undefined where its price is unknown */
export function reportOf(cells: readonly UsageCell[], costOf: (cell: UsageCell) => number | undefined): UsageRowReport {
  const sum = (of: (cell: UsageCell) => number) => cells.reduce((total, cell) => total + of(cell), 0);
  const requests = sum((cell) => cell.requests);
  const cut = sum((cell) => cell.cut);
  const counts = new Map<number, number>();
  for (const { latencies } of cells) for (const [ms, times] of latencies) counts.set(ms, (counts.get(ms) ?? 0) + times);
  const costs = cells.map((cell) => ({ cell, cost: costOf(cell) }));
  const known = costs.flatMap(({ cost }) => (cost === undefined ? [] : [cost]));
  const unpriced = costs.flatMap(({ cell, cost }) => (cost === undefined ? [cell.input + cell.output] : []));
  const spread = percentiles(counts);
  const share = (part: number) => (requests === 0 ? null : part / requests);
  return {
    requests,
    errors: sum((cell) => cell.errors),
    cut,
    successRate: requests === cut ? null : 1 - sum((cell) => cell.errors) / (requests - cut),
    cacheHitRate: share(sum((cell) => cell.cacheHits)),
    latency: spread ? { avg: sum((cell) => cell.duration) / requests, ...spread } : null,
    tokens: { input: sum((cell) => cell.input), output: sum((cell) => cell.output) },
    cost: known.length === 0 && unpriced.length > 0 ? null : total(known),
    unpriced: total(unpriced),
  };
}

function total(figures: readonly number[]): number {
  return figures.reduce((sum, figure) => sum + figure, 0);
}

/** What tokens cost; no tokens cost nothing, others without a price nobody knows what. */
export function tokenCost(
  { input, output }: Pick<UsageCell, "input" | "output">,
  price: Price | undefined,
): number | undefined {
  if (input + output === 0) return 0;
  return price && (input * price.input + output * price.output) / 1e6;
}

/**
 * Energy of a GPU over buckets, in kWh: it draws its power while at least one request runs, so for as long as a bucket's
 * requests took together, and never longer than the bucket.
 *
 * @param buckets ms of work that were asked for in each, and its length (ms)
 */
export function energyOf(buckets: readonly { busyMs: number; lengthMs: number }[], watts: number): number {
  const busyMs = buckets.reduce((sum, { busyMs, lengthMs }) => sum + Math.min(busyMs, lengthMs), 0);
  return (watts / 1000) * (busyMs / 3_600_000);
}
