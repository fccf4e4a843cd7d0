import { BUCKET_MS, type UsageBook } from "../../core/tracking/usageBook.ts";
import { type ChartPeriod, requestsByProvider, type UsageChart } from "../../core/view/feed.ts";
import type { LoadedRouting } from "../routing/load.ts";
import { statsOf } from "../stats/report.ts";

const BUCKETS: Record<ChartPeriod, number> = { hour: 60, day: 24 };

/** Reckons what the charts show, by the configured prices. */
export class Charts {
  private readonly routing: Pick<LoadedRouting, "config" | "policy">;

  constructor(routing: Pick<LoadedRouting, "config" | "policy">) {
    this.routing = routing;
  }

  of(book: UsageBook, now: number): Record<ChartPeriod, UsageChart> {
    return { hour: this.chart(book, "hour", now), day: this.chart(book, "day", now) };
  }

  private chart(book: UsageBook, period: ChartPeriod, now: number): UsageChart {
    const { total, byProvider, byAgent, electricity, buckets } = statsOf(book, this.routing, period, now);
    const costs = new Map(buckets.map(({ start, cost }) => [Date.parse(start), cost]));
    const points = requestsByProvider(book, period, now).map((point) => ({
      ...point,
      cost: costs.get(point.start) ?? 0,
    }));
    return {
      ...{ bucketMs: BUCKET_MS[period], buckets: BUCKETS[period] },
      ...{ points, total, byProvider, byAgent, kwh: electricity.kwh },
    };
  }
}
