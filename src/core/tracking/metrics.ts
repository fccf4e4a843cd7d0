import { providerId } from "../routing/providers.ts";
import { costsOf, type Tariff } from "./costs.ts";
import type { UsageCell } from "./timeBucket.ts";
import { BUCKET_MS, type Period, type UsageBook } from "./usageBook.ts";
import { reportOf, type UsageRowReport } from "./usageReport.ts";

/** What a collector knows of one window. A provider that had no request is not named. */
export interface Metrics {
  period: Period;
  /** Requests by provider, and their sum. */
  routingCounts: Record<string, number> & { total: number };
  /** ms by provider. */
  avgLatencies: Record<string, number>;
  /** US dollars by provider; one of whose prices nothing is known is not named. */
  costs: Record<string, number>;
  /** Null where nothing of it has a known price. */
  totalCost: number | null;
  /** Tokens whose price nobody knows; they are not in the costs. */
  unpricedTokens: number;
  /** 0 to 1; null where nothing was asked for. */
  successRate: number | null;
  cacheHitRate: number | null;
  tokens: { input: number; output: number };
  /** ms; percentiles by nearest rank. Null where nothing was asked for. */
  latency: UsageRowReport["latency"];
  byAgent: Record<string, UsageRowReport>;
}

export interface ProviderMetrics {
  requestCount: number;
  errorCount: number;
  /** ms; 0 where there was no request. */
  avgLatency: number;
  totalTokens: number;
  /** US dollars of what has a known price; null where nothing of it has. */
  estimatedCost: number | null;
}

/** @param now ms since the epoch */
export function metricsOf(book: UsageBook, period: Period, now: number, tariff: Tariff): Metrics {
  const costs = costsOf(book.buckets(period, now), BUCKET_MS[period], tariff);
  const cells = book.total(period, now);
  const by = (keyOf: (cell: UsageCell) => string) => grouped(cells, keyOf, costs.of);
  const providers = Object.entries(by(({ provider }) => provider));
  const each = (of: (report: UsageRowReport) => number) =>
    Object.fromEntries(providers.map(([name, report]) => [name, of(report)]));
  const { cost, unpriced, successRate, cacheHitRate, tokens, latency, requests } = reportOf(cells, costs.of);
  return {
    period,
    routingCounts: { ...each((report) => report.requests), total: requests },
    avgLatencies: each((report) => report.latency?.avg ?? 0),
    costs: Object.fromEntries(providers.flatMap(([name, { cost: own }]) => (own === null ? [] : [[name, own]]))),
    totalCost: cost,
    unpricedTokens: unpriced,
    successRate,
    cacheHitRate,
    tokens,
    latency,
    byAgent: by(({ agent }) => agent),
  };
}

/** One provider's requests of the last 30 days. @param provider any name it has: "google" is gemini */
export function providerMetrics(book: UsageBook, provider: string, now: number, tariff: Tariff): ProviderMetrics {
  const costs = costsOf(book.buckets("month", now), BUCKET_MS.month, tariff);
  const id = providerId(provider);
  const own = book.total("month", now).filter((cell) => providerId(cell.provider) === id);
  const { requests, errors, latency, tokens, cost } = reportOf(own, costs.of);
  return {
    requestCount: requests,
    errorCount: errors,
    avgLatency: latency?.avg ?? 0,
    totalTokens: tokens.input + tokens.output,
    estimatedCost: cost,
  };
}

/** Reports of cells that share a key, in the keys' order. */
export function grouped(
  cells: readonly UsageCell[],
  keyOf: (cell: UsageCell) => string,
  costOf: (cell: UsageCell) => number | undefined,
): Record<string, UsageRowReport> {
  const keys = [...new Set(cells.map(keyOf))].sort();
  return Object.fromEntries(
    keys.map((key) => [
      key,
      reportOf(
        cells.filter((cell) => keyOf(cell) === key),
        costOf,
      ),
    ]),
  );
}
