import { UsageReader } from "../../adapters/tracking/usageReader.ts";
import { stateHome } from "../../config/stateHome.ts";
import { PRICES_AS_OF, type PriceOf, priceBook } from "../../core/routing/prices.ts";
import { costsOf } from "../../core/tracking/costs.ts";
import { grouped } from "../../core/tracking/metrics.ts";
import { BUCKET_MS, type Period, type UsageBook } from "../../core/tracking/usageBook.ts";
import { reportOf, type UsageRowReport } from "../../core/tracking/usageReport.ts";
import { cellsOf, inCells, plainLine } from "../../core/view/cells.ts";
import { dollars } from "../../core/view/dollars.ts";
import { shortTokens } from "../../core/view/tokenCounts.ts";
import { homeOf } from "../config/load.ts";
import { type Io, paint } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { type LoadedRouting, loadRouting, withState } from "../routing/load.ts";

/** What `stats --json` prints. */
export interface Stats {
  period: Period;
  /** Of the newest bucket's end, ISO. */
  at: string;
  total: UsageRowReport;
  byProvider: Record<string, UsageRowReport>;
  byAgent: Record<string, UsageRowReport>;
  /** Of the house's GPU; the cost is part of the local provider's and of the total. */
  electricity: { kwh: number; watts: number; pricePerKwh: number; cost: number };
  /** Of which month the built-in list prices are, and the models (`provider/model`) whose price nobody knows. */
  prices: { asOf: string; unknown: string[] };
  /** Requests, tokens and cost (as far as prices are known) of each bucket, oldest first. */
  buckets: { start: string; requests: number; input: number; output: number; cost: number }[];
}

/** @param now ms since the epoch. @throws CliFailure where the configuration or a state file cannot be used */
export async function readStats(io: Io, period: Period, now: number): Promise<Stats> {
  const routing = await loadRouting(io);
  const book = await withState(io, async () => new UsageReader(stateHome(io.env, homeOf(io))).read());
  return statsOf(book, routing, period, now);
}

/** Prices as configured. */
export function pricesOf({ config, policy }: Pick<LoadedRouting, "config" | "policy">): PriceOf {
  return priceBook(config.tracking.prices, policy.providers);
}

/** What a window of the book comes to, by the configured prices. @param now ms since the epoch */
export function statsOf(
  book: UsageBook,
  { config, policy }: Pick<LoadedRouting, "config" | "policy">,
  period: Period,
  now: number,
): Stats {
  const buckets = book.buckets(period, now);
  const { watts, pricePerKwh } = config.tracking;
  const priceOf = pricesOf({ config, policy });
  const costs = costsOf(buckets, BUCKET_MS[period], { priceOf, watts, pricePerKwh });
  const { kwh } = costs;
  const all = book.total(period, now);
  const unknown = all.flatMap((cell) =>
    costs.of(cell) === undefined ? [`${plainLine(cell.provider)}/${plainLine(cell.model ?? "?")}`] : [],
  );
  return {
    period,
    at: new Date(now).toISOString(),
    total: reportOf(all, costs.of),
    byProvider: grouped(all, ({ provider }) => provider, costs.of),
    byAgent: grouped(all, ({ agent }) => agent, costs.of),
    electricity: { kwh, watts, pricePerKwh, cost: kwh * pricePerKwh },
    prices: { asOf: PRICES_AS_OF, unknown: [...new Set(unknown)].sort() },
    buckets: buckets.map((bucket) => {
      const { requests, tokens } = reportOf(bucket.cells, costs.of);
      return { start: new Date(bucket.start).toISOString(), requests, ...tokens, cost: costs.ofBucket(bucket) };
    }),
  };
}

/** Cells of a provider's or an agent's name, at most. */
const NAME = 16;

/** The same for people: a table by provider and one by agent. */
export function statsLines(io: Io, stats: Stats): string[] {
  const text = (key: Parameters<typeof say>[1], values: Record<string, string | number> = {}) =>
    say(io.lang, key, values);
  if (stats.total.requests === 0) return [text("stats.none")];
  const names = ["requests", "success", "cut", "cache", "p50", "p95", "in", "out", "cost"] as const;
  const head = (first: string) => [first, ...names.map((name) => text(`stats.${name}`))];
  const rows = (from: Record<string, UsageRowReport>) =>
    Object.entries(from).map(([name, report]) => [plainLine(name), ...figures(report)]);
  const providers = [
    head(text("stats.provider")),
    ...rows(stats.byProvider),
    [text("stats.total"), ...figures(stats.total)],
  ];
  const agents = [head(text("stats.agent")), ...rows(stats.byAgent)];
  // Both tables in the same columns.
  const lines = table([...providers, ...agents]).map((line, index) =>
    index === 0 || index === providers.length ? paint(io, "bold", line) : line,
  );
  const { kwh, watts, cost } = stats.electricity;
  return [
    ...lines.slice(0, providers.length),
    "",
    ...lines.slice(providers.length),
    "",
    text("stats.electricity", { kwh: kwh.toFixed(3), watts, cost: cost.toFixed(2) }),
    text("stats.prices", { asOf: stats.prices.asOf }),
    ...(stats.prices.unknown.length === 0
      ? []
      : [paint(io, "yellow", text("stats.unpriced", { models: stats.prices.unknown.join(", ") }))]),
  ];
}

/** Rows in columns: the name at the left, figures at the right of theirs, none wider than what is in it. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, index) => Math.max(...rows.map((row) => cellsOf(row[index] ?? ""))));
  return rows.map((row) =>
    row
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        return index === 0 ? inCells(cell, Math.min(NAME, width)) : " ".repeat(width - cellsOf(cell)) + cell;
      })
      .join("  ")
      .trimEnd(),
  );
}

function figures({ requests, cut, successRate, cacheHitRate, latency, tokens, ...money }: UsageRowReport): string[] {
  const percent = (share: number | null) => (share === null ? "-" : `${(100 * share).toFixed(1)}%`);
  const time = (ms: number | undefined) =>
    ms === undefined ? "-" : ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
  return [
    String(requests),
    percent(successRate),
    String(cut),
    percent(cacheHitRate),
    time(latency?.p50),
    time(latency?.p95),
    shortTokens(tokens.input),
    shortTokens(tokens.output),
    dollars(money),
  ];
}
