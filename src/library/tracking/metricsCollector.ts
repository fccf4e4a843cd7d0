import { UsageLog } from "../../adapters/tracking/usageLog.ts";
import { UsageReader } from "../../adapters/tracking/usageReader.ts";
import { type Price, priceBook } from "../../core/routing/prices.ts";
import { BUILT_IN_PROVIDERS } from "../../core/routing/providers.ts";
import type { Tariff } from "../../core/tracking/costs.ts";
import { type Metrics, metricsOf, type ProviderMetrics, providerMetrics } from "../../core/tracking/metrics.ts";
import { type RoutingRecord, routingRow } from "../../core/tracking/trackedEvent.ts";
import { type Period, UsageBook } from "../../core/tracking/usageBook.ts";
import type { UsageRow } from "../../core/tracking/usageRow.ts";

export interface CollectorOptions {
  /**
   * Where requests are kept, and others' are read: any number of processes may write there, `oh-my-qwencoder stats` reads
   * it where it is the product's state directory. Left out, everything stays in this process's memory.
   */
  stateDir?: string;
  /** In place of the built-in list prices: by `provider/model`, or by provider for all of its models. */
  prices?: Readonly<Record<string, Price>>;
  /** Power of the house's GPU while it works; default 700 (an H200 SXM's limit). */
  watts?: number;
  /** US dollars; default 0. */
  pricePerKwh?: number;
}

/** With a state directory, requests of so long (ms) are one append. */
const TOGETHER_MS = 100;
const WATTS = 700;

/** Requests by minute, hour and day (60, 24, 30), with what they took and cost. */
export class MetricsCollector {
  private readonly tariff: Tariff;
  private readonly memory = new UsageBook();
  private readonly state: { log: UsageLog; reader: UsageReader } | undefined;
  private waiting: UsageRow[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor({ stateDir, prices = {}, watts = WATTS, pricePerKwh = 0 }: CollectorOptions = {}) {
    const providers = new Map(BUILT_IN_PROVIDERS.map((provider) => [provider.id, provider]));
    this.tariff = { priceOf: priceBook(prices, providers), watts, pricePerKwh };
    if (stateDir !== undefined) this.state = { log: new UsageLog(stateDir), reader: new UsageReader(stateDir) };
  }

  /** Counts a routed request. @throws RangeError naming a field that is no figure */
  recordRouting(record: RoutingRecord): void {
    const row = routingRow(record, Date.now());
    if (!this.state) {
      this.memory.record(row);
      return;
    }
    this.waiting.push(row);
    this.timer ??= setTimeout(() => this.flush(), TOGETHER_MS).unref();
  }

  /** A window that ends now: a minute, 60 minutes, 24 hours or 30 days. @throws where the state cannot be read */
  getMetrics(period: Period = "hour"): Metrics {
    return metricsOf(this.book(), period, Date.now(), this.tariff);
  }

  /** What one provider had in the last 30 days. @throws where the state cannot be read */
  getProviderStats(provider: string): ProviderMetrics {
    return providerMetrics(this.book(), provider, Date.now(), this.tariff);
  }

  /** Writes what waits to be written. @throws where it cannot be; it is tried again then */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.waiting.length === 0) return;
    this.state?.log.append(...this.waiting);
    this.waiting = [];
  }

  /** The same; call it before the process ends, which waits for nothing of this. */
  close(): void {
    this.flush();
  }

  private book(): UsageBook {
    if (!this.state) return this.memory;
    this.flush();
    return this.state.reader.read();
  }
}
