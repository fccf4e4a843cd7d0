import type { Period, UsageBook } from "../tracking/usageBook.ts";
import type { UsageRowReport } from "../tracking/usageReport.ts";
import type { EventRow } from "./eventRow.ts";
import type { Gauges } from "./liveState.ts";
import type { TreeNode } from "./scopeTree.ts";
import type { SwarmView } from "./swarmView.ts";
import type { Lane, PhaseSince, Span } from "./timeline.ts";

/** What the model servers said at one time (ms since the epoch). */
export interface GaugePoint {
  at: number;
  servers: Gauges[];
}

/** Requests of one bucket by provider. */
export interface UsagePoint {
  /** ms since the epoch. */
  start: number;
  requests: Record<string, number>;
  /** US dollars, electricity included. */
  cost: number;
}

/** A window of requests, for the charts. */
export interface UsageChart {
  /** Length (ms) of a bucket, and how many there are. */
  bucketMs: number;
  buckets: number;
  points: UsagePoint[];
  total: UsageRowReport;
  byProvider: Record<string, UsageRowReport>;
  byAgent: Record<string, UsageRowReport>;
  /** Of the house's GPU. */
  kwh: number;
}
export type ChartPeriod = Extract<Period, "hour" | "day">;

/** All that the dashboard shows of one swarm: sent whole at first. */
export interface FeedStart {
  /** Ids of the project's swarms, oldest first. */
  swarms: string[];
  view: SwarmView;
  phases: readonly PhaseSince[];
  rows: EventRow[];
  lanes: Lane[];
  spans: Span[];
  tree: TreeNode[];
  charts: Record<ChartPeriod, UsageChart> | null;
  gauges: GaugePoint[];
}

/** What changed since: rows, spans and gauges come in addition (a span may replace one of its key), the rest in place. */
export type FeedPatch = Partial<FeedStart>;

/** Requests of a window's buckets by provider, oldest first. @param now ms since the epoch */
export function requestsByProvider(
  book: UsageBook,
  period: ChartPeriod,
  now: number,
): { start: number; requests: Record<string, number> }[] {
  return book.buckets(period, now).map(({ start, cells }) => {
    const counts = new Map<string, number>();
    for (const { provider, requests } of cells) counts.set(provider, (counts.get(provider) ?? 0) + requests);
    return { start, requests: Object.fromEntries(counts) };
  });
}
