import type { UsageCell } from "./timeBucket.ts";

/** What a tracker tells its listeners. */
export interface TrackerStats {
  period: "hour";
  routing: { total: number; byProvider: Record<string, number>; byAgent: Record<string, number> };
  /** `avgLatency` in ms; both 0 where there was no request. */
  performance: { avgLatency: number; successRate: number };
  /** 0 to 1. */
  cache: { hitRate: number };
}

/** @param cells of the last hour */
export function trackerStats(cells: readonly UsageCell[]): TrackerStats {
  const sum = (of: (cell: UsageCell) => number) => cells.reduce((total, cell) => total + of(cell), 0);
  const total = sum(({ requests }) => requests);
  const ended = total - sum(({ cut }) => cut);
  const share = (part: number) => (total === 0 ? 0 : part / total);
  return {
    period: "hour",
    routing: {
      total,
      byProvider: requestsBy(cells, ({ provider }) => provider),
      byAgent: requestsBy(cells, ({ agent }) => agent),
    },
    performance: {
      avgLatency: share(sum(({ duration }) => duration)),
      successRate: ended === 0 ? 0 : 1 - sum(({ errors }) => errors) / ended,
    },
    cache: { hitRate: share(sum(({ cacheHits }) => cacheHits)) },
  };
}

function requestsBy(cells: readonly UsageCell[], keyOf: (cell: UsageCell) => string): Record<string, number> {
  const counts = new Map<string, number>();
  for (const cell of cells) counts.set(keyOf(cell), (counts.get(keyOf(cell)) ?? 0) + cell.requests);
  return Object.fromEntries(counts);
}
