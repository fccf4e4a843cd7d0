import { z } from "zod";
import { TimeBucket, timeBucketSchema, type UsageCell } from "./timeBucket.ts";
import type { UsageRow } from "./usageRow.ts";

/** How long a bucket is (ms), and how many are kept. */
const SERIES = {
  minute: { ms: 60_000, keep: 60 },
  hour: { ms: 3_600_000, keep: 24 },
  day: { ms: 86_400_000, keep: 30 },
} as const;
type SeriesName = keyof typeof SERIES;
const NAMES: readonly SeriesName[] = ["minute", "hour", "day"];

/** The windows people ask for, and of which buckets they are made: the last hour is 60 minutes. */
const WINDOWS = {
  minute: { series: "minute", buckets: 1 },
  hour: { series: "minute", buckets: 60 },
  day: { series: "hour", buckets: 24 },
  month: { series: "day", buckets: 30 },
} as const satisfies Record<string, { series: SeriesName; buckets: number }>;
export type Period = keyof typeof WINDOWS;
export const PERIODS: readonly Period[] = ["minute", "hour", "day", "month"];
/** Length (ms) of the buckets a window is made of. */
export const BUCKET_MS: Readonly<Record<Period, number>> = {
  minute: SERIES.minute.ms,
  hour: SERIES.minute.ms,
  day: SERIES.hour.ms,
  month: SERIES.day.ms,
};

const buckets = z.array(timeBucketSchema);
export const usageBookSchema = z.object({ minute: buckets, hour: buckets, day: buckets });
export type UsageBookData = z.infer<typeof usageBookSchema>;

/** Requests by minute, hour and day (UTC). Rows may come in any order; those older than what is kept are left out. */
export class UsageBook {
  private readonly series: Record<SeriesName, Map<number, TimeBucket>> = {
    minute: new Map(),
    hour: new Map(),
    day: new Map(),
  };
  private newest = 0;

  constructor(data?: UsageBookData) {
    if (!data) return;
    for (const name of NAMES)
      for (const { start, cells } of data[name]) {
        this.series[name].set(start, new TimeBucket(start, cells));
        this.newest = Math.max(this.newest, start);
      }
  }

  record(row: UsageRow): void {
    const grew = row.at > this.newest;
    if (grew) this.newest = row.at;
    for (const name of NAMES) {
      const start = startOf(name, row.at);
      if (start < oldest(name, this.newest)) continue;
      const known = this.series[name].get(start);
      const bucket = known ?? new TimeBucket(start);
      if (!known) this.series[name].set(start, bucket);
      bucket.record(row);
      if (!known && grew) this.forgetOld(name);
    }
  }

  /** The buckets of a window that ends now, oldest first; empty ones are not there. */
  buckets(period: Period, now: number): TimeBucket[] {
    const { series, buckets: most } = WINDOWS[period];
    const { ms } = SERIES[series];
    const first = startOf(series, now) - (most - 1) * ms;
    return [...this.series[series].values()]
      .filter(({ start }) => start >= first && start <= now)
      .sort((a, b) => a.start - b.start);
  }

  /** Everything of a window, added up by provider and agent. */
  total(period: Period, now: number): UsageCell[] {
    const sum = new TimeBucket(now);
    for (const bucket of this.buckets(period, now)) for (const cell of bucket.cells) sum.merge(cell);
    return sum.cells;
  }

  toJSON(): UsageBookData {
    const list = (name: SeriesName) =>
      [...this.series[name].values()].sort((a, b) => a.start - b.start).map((bucket) => bucket.toJSON());
    return { minute: list("minute"), hour: list("hour"), day: list("day") };
  }

  private forgetOld(name: SeriesName): void {
    const first = oldest(name, this.newest);
    for (const start of this.series[name].keys()) if (start < first) this.series[name].delete(start);
  }
}

function startOf(name: SeriesName, at: number): number {
  return Math.floor(at / SERIES[name].ms) * SERIES[name].ms;
}

function oldest(name: SeriesName, newest: number): number {
  return startOf(name, newest) - (SERIES[name].keep - 1) * SERIES[name].ms;
}

/** Tokens by provider. */
export function trafficOf(cells: readonly UsageCell[]): Record<string, { input: number; output: number }> {
  const traffic = new Map<string, { input: number; output: number }>();
  for (const { provider, input, output } of cells) {
    const known = traffic.get(provider) ?? { input: 0, output: 0 };
    traffic.set(provider, { input: known.input + input, output: known.output + output });
  }
  return Object.fromEntries(traffic);
}
