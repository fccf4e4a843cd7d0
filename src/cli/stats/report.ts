import { UsageReader } from "../../adapters/tracking/usageReader.ts";
import { stateHome } from "../../config/stateHome.ts";
import { LOCAL } from "../../core/routing/providers.ts";
import type { UsageCell } from "../../core/tracking/timeBucket.ts";
import { BUCKET_MS, type Period } from "../../core/tracking/usageBook.ts";
import { energyOf, reportOf, tokenCost, type UsageRowReport } from "../../core/tracking/usageReport.ts";
import { inCells, plainLine } from "../../core/view/cells.ts";
import { shortTokens } from "../../core/view/tokenCounts.ts";
import { homeOf } from "../config/load.ts";
import { type Io, paint } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { loadRouting, withState } from "../routing/load.ts";

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
  /** Requests, tokens and cost of each bucket, oldest first. */
  buckets: { start: string; requests: number; input: number; output: number; cost: number }[];
}

/** @param now ms since the epoch. @throws CliFailure where the configuration or a state file cannot be used */
export async function readStats(io: Io, period: Period, now: number): Promise<Stats> {
  const { config, policy } = await loadRouting(io);
  const book = await withState(io, async () => new UsageReader(stateHome(io.env, homeOf(io))).read());
  const buckets = book.buckets(period, now);
  const { watts, pricePerKwh } = config.tracking;
  const kwhOf = (cells: readonly UsageCell[]) =>
    energyOf(
      [{ busyMs: busyMs(cells.filter(({ provider }) => provider === LOCAL)), lengthMs: BUCKET_MS[period] }],
      watts,
    );
  const kwh = buckets.reduce((sum, { cells }) => sum + kwhOf(cells), 0);
  const busy = busyMs(buckets.flatMap(({ cells }) => cells).filter(({ provider }) => provider === LOCAL));
  const tokensOf = (cell: UsageCell) => tokenCost(cell, policy.providers.get(cell.provider)?.price);
  // The GPU's energy is shared among those whose requests it worked on, by their time.
  const costOf = (cell: UsageCell) =>
    tokensOf(cell) + (cell.provider === LOCAL && busy > 0 ? kwh * pricePerKwh * (cell.duration / busy) : 0);
  const all = book.total(period, now);
  return {
    period,
    at: new Date(now).toISOString(),
    total: reportOf(all, costOf),
    byProvider: grouped(all, ({ provider }) => provider, costOf),
    byAgent: grouped(all, ({ agent }) => agent, costOf),
    electricity: { kwh, watts, pricePerKwh, cost: kwh * pricePerKwh },
    buckets: buckets.map(({ start, cells }) => {
      const { requests, tokens } = reportOf(cells, tokensOf);
      const cost = cells.reduce((sum, cell) => sum + tokensOf(cell), 0) + kwhOf(cells) * pricePerKwh;
      return { start: new Date(start).toISOString(), requests, ...tokens, cost };
    }),
  };
}

function busyMs(cells: readonly UsageCell[]): number {
  return cells.reduce((sum, { duration }) => sum + duration, 0);
}

function grouped(
  cells: readonly UsageCell[],
  keyOf: (cell: UsageCell) => string,
  costOf: (cell: UsageCell) => number,
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

const WIDTHS = [16, 9, 8, 9, 9, 9, 9, 9, 9];

/** The same for people: a table by provider and one by agent. */
export function statsLines(io: Io, stats: Stats): string[] {
  const text = (key: Parameters<typeof say>[1], values: Record<string, string | number> = {}) =>
    say(io.lang, key, values);
  if (stats.total.requests === 0) return [text("stats.none")];
  const head = (first: string) =>
    paint(
      io,
      "bold",
      columns([
        first,
        ...(["requests", "success", "cache", "p50", "p95", "in", "out", "cost"] as const).map((name) =>
          text(`stats.${name}`),
        ),
      ]),
    );
  const rows = (from: Record<string, UsageRowReport>) =>
    Object.entries(from).map(([name, report]) => columns([plainLine(name), ...figures(report)]));
  const { kwh, watts, cost } = stats.electricity;
  return [
    head(text("stats.provider")),
    ...rows(stats.byProvider),
    columns([text("stats.total"), ...figures(stats.total)]),
    "",
    head(text("stats.agent")),
    ...rows(stats.byAgent),
    "",
    text("stats.electricity", { kwh: kwh.toFixed(3), watts, cost: cost.toFixed(2) }),
  ];
}

function columns(cells: readonly string[]): string {
  return cells
    .map((cell, index) => inCells(cell, WIDTHS[index] ?? 9))
    .join(" ")
    .trimEnd();
}

function figures({ requests, successRate, cacheHitRate, latency, tokens, cost }: UsageRowReport): string[] {
  const percent = (share: number | null) => (share === null ? "-" : `${(100 * share).toFixed(1)}%`);
  const time = (ms: number | undefined) =>
    ms === undefined ? "-" : ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
  return [
    String(requests),
    percent(successRate),
    percent(cacheHitRate),
    time(latency?.p50),
    time(latency?.p95),
    shortTokens(tokens.input),
    shortTokens(tokens.output),
    `$${cost.toFixed(2)}`,
  ];
}
