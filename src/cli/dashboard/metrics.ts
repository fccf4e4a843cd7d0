import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { PriceOf } from "../../core/routing/prices.ts";
import type { UsageCell } from "../../core/tracking/timeBucket.ts";
import type { UsageBook } from "../../core/tracking/usageBook.ts";
import { tokenCost } from "../../core/tracking/usageReport.ts";
import type { FeedStart } from "../../core/view/feed.ts";
import { DURATION_BUCKETS, METRICS, type MetricName } from "./metricsTable.ts";

type Labels = Record<string, string>;

/** What a scrape is told of. */
export interface Measured {
  feed: FeedStart;
  book: UsageBook;
  /** ms since the epoch. */
  now: number;
}

/**
 * The program's metrics for Prometheus. Counters begin with 0 when this process does, and grow with what comes into the usage
 * log from then on, whichever process writes it.
 */
export class Metrics {
  private readonly registry = new Registry();
  private readonly gauges = new Map<MetricName, Gauge>();
  private readonly counters = new Map<MetricName, Counter>();
  private readonly durations: Histogram;
  private readonly priceOf: PriceOf;
  /** What each cell of the usage book came to at the last look. */
  private known: Map<string, UsageCell> | undefined;

  constructor(version: string, priceOf: PriceOf) {
    this.priceOf = priceOf;
    let durations: Histogram | undefined;
    for (const { name, help, labels, type } of METRICS) {
      const about = { name, help, labelNames: [...labels], registers: [this.registry] };
      if (type === "gauge") this.gauges.set(name, new Gauge(about));
      else if (type === "counter") this.counters.set(name, new Counter(about));
      else durations = new Histogram({ ...about, buckets: [...DURATION_BUCKETS] });
    }
    if (!durations) throw new Error("the table of metrics has no histogram");
    this.durations = durations;
    this.set("aegis_build_info", { version }, 1);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** The exposition. Counts requests up to now. */
  async text(measured: Measured): Promise<string> {
    this.count(measured);
    this.swarm(measured);
    this.servers(measured.feed);
    return this.registry.metrics();
  }

  /** Adds what the usage log has in addition to the last look: called between scrapes too, before old hours are dropped. */
  count({ book, now }: Pick<Measured, "book" | "now">): void {
    const cells = new Map(
      book.total("month", now).map((cell) => [`${cell.provider}\u0000${cell.agent}\u0000${cell.model ?? ""}`, cell]),
    );
    const { known } = this;
    this.known = cells;
    if (!known) return;
    for (const [key, cell] of cells) this.grown(cell, known.get(key));
  }

  private grown(cell: UsageCell, before: UsageCell | undefined): void {
    const { provider, agent } = cell;
    // A day that is over thirty days old is no longer in the sums: what went down is no news.
    const more = (of: (each: UsageCell) => number) => Math.max(0, of(cell) - (before ? of(before) : 0));
    const errors = more((each) => each.errors);
    this.add("aegis_requests_total", { provider, agent, outcome: "failed" }, errors);
    const cut = more((each) => each.cut);
    this.add("aegis_requests_total", { provider, agent, outcome: "cut" }, cut);
    const answered = more((each) => each.requests) - errors - cut;
    this.add("aegis_requests_total", { provider, agent, outcome: "answered" }, answered);
    this.add(
      "aegis_request_tokens_total",
      { provider, agent, direction: "input" },
      more((each) => each.input),
    );
    this.add(
      "aegis_request_tokens_total",
      { provider, agent, direction: "output" },
      more((each) => each.output),
    );
    this.add(
      "aegis_request_cache_hits_total",
      { provider, agent },
      more((each) => each.cacheHits),
    );
    const price = this.priceOf(provider, cell.model);
    if (price)
      this.add(
        "aegis_request_cost_dollars_total",
        { provider, agent },
        more((each) => tokenCost(each, price) ?? 0),
      );
    const counted = new Map(before?.latencies);
    for (const [ms, times] of cell.latencies)
      for (let n = counted.get(ms) ?? 0; n < times; n += 1) this.durations.observe({ provider }, ms / 1_000);
  }

  private swarm({ feed: { view, phases, rows, spans, lanes }, now }: Measured): void {
    this.forget(["aegis_swarm", "aegis_worker", "aegis_limit"]);
    for (const [window, percent] of Object.entries(view.limits))
      this.set("aegis_limit_used_ratio", { window }, Number(percent) / 100);
    const { swarm } = view;
    if (!swarm) return;
    const end = swarm.over ? swarm.startedAt + swarm.durationMs : now;
    this.set("aegis_swarm_info", { swarm: swarm.id, phase: swarm.phase }, 1);
    this.set("aegis_swarm_over", {}, Number(swarm.over));
    this.set("aegis_swarm_driven", {}, Number(view.driven));
    this.set("aegis_swarm_question", {}, Number(swarm.question !== null));
    this.set("aegis_swarm_duration_seconds", {}, (end - swarm.startedAt) / 1_000);
    this.set("aegis_swarm_events", {}, rows.length);
    for (const [index, { phase, since }] of phases.entries()) {
      const seconds = Math.max(0, (phases[index + 1]?.since ?? end) - since) / 1_000;
      this.gauges.get("aegis_swarm_phase_seconds")?.inc({ phase }, seconds);
    }
    for (const { status } of view.workers) this.gauges.get("aegis_workers")?.inc({ status }, 1);
    for (const { id, tokens } of view.workers) this.set("aegis_worker_tokens", { worker: id }, tokens);
    const roles = new Map(lanes.map(({ session, role }) => [session, role]));
    for (const { session, kind: activity, start, end: until } of spans) {
      const role = roles.get(session) ?? "none";
      this.gauges
        .get("aegis_swarm_session_seconds")
        ?.inc({ role, activity }, Math.max(0, (until ?? end) - start) / 1_000);
    }
  }

  private servers({ view }: FeedStart): void {
    this.forget(["aegis_server"]);
    for (const { server, running, waiting, kvUsage, prefixHits, outputRate, promptRate } of view.servers) {
      const of = { server };
      this.set("aegis_server_running_requests", of, running);
      this.set("aegis_server_waiting_requests", of, waiting);
      this.set("aegis_server_kv_cache_usage_ratio", of, kvUsage);
      this.set("aegis_server_prefix_cache_hit_ratio", of, prefixHits);
      this.set("aegis_server_output_tokens_per_second", of, outputRate);
      this.set("aegis_server_prompt_tokens_per_second", of, promptRate);
    }
  }

  private forget(families: readonly string[]): void {
    for (const { name, labels } of METRICS) {
      if (!families.some((family) => name.startsWith(family))) continue;
      this.gauges.get(name)?.reset();
      // One without labels would go on with 0, which is a figure.
      if (labels.length === 0) this.gauges.get(name)?.remove();
    }
  }

  /** What is not known is not told: 0 would be a figure. */
  private set(name: MetricName, labels: Labels, value: number | undefined): void {
    if (value !== undefined) this.gauges.get(name)?.set(labels, value);
  }

  private add(name: MetricName, labels: Labels, value: number): void {
    this.counters.get(name)?.inc(labels, value);
  }
}
