/** What `/metrics` says: the names of vLLM V1 over figures of what this server really did. */

/** Upper bounds of vLLM's buckets, in seconds (v1/metrics/loggers.py). */
const TTFT_BUCKETS = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560,
];
const ITL_BUCKETS = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80];
const REQUEST_BUCKETS = [0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680];

/** A Prometheus histogram of seconds. */
export class Histogram {
  private readonly bounds: readonly number[];
  private readonly counts: number[];
  private sum = 0;
  private count = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = bounds.map(() => 0);
  }

  /** Counts `times` observations of `seconds` each. */
  observe(seconds: number, times = 1): void {
    this.sum += seconds * times;
    this.count += times;
    const at = this.bounds.findIndex((bound) => seconds <= bound);
    if (at !== -1) this.counts[at] = (this.counts[at] ?? 0) + times;
  }

  lines(name: string, labels: string): string[] {
    let below = 0;
    const buckets = this.bounds.map((bound, index) => {
      below += this.counts[index] ?? 0;
      return `${name}_bucket{${labels},le="${bound}"} ${below}`;
    });
    return [
      ...buckets,
      `${name}_bucket{${labels},le="+Inf"} ${this.count}`,
      `${name}_sum{${labels}} ${this.sum}`,
      `${name}_count{${labels}} ${this.count}`,
    ];
  }
}

/** The server's cache as vLLM reports it at its start. */
export interface CacheInfo {
  /** Tokens of a block. */
  blockSize: number;
  blocks: number;
  /** Tokens of "GPU KV cache size". */
  kvCacheTokens: number;
  maxConcurrency: number;
  /** `auto`, `fp8`, … */
  dtype: string;
  /** Share of the GPU's memory. */
  utilization: number;
}

/** Counters and histograms since the server's start. */
export class Counters {
  /** Prompt tokens. */
  promptTokens = 0;
  generationTokens = 0;
  /** Prompt tokens looked up in the prefix cache, and found there. */
  prefixQueries = 0;
  prefixHits = 0;
  preemptions = 0;
  /** Answered requests by how they ended. */
  readonly finished = new Map<string, number>();
  readonly ttft = new Histogram(TTFT_BUCKETS);
  readonly itl = new Histogram(ITL_BUCKETS);
  readonly e2e = new Histogram(REQUEST_BUCKETS);
  readonly queue = new Histogram(REQUEST_BUCKETS);

  finish(reason: string): void {
    this.finished.set(reason, (this.finished.get(reason) ?? 0) + 1);
  }
}

/** What is the case now. */
export interface Gauges {
  /** Requests being computed. */
  running: number;
  waiting: number;
  /** Share of the KV blocks in use, 0 to 1. */
  kvUsage: number;
}

/** Prometheus text with the names of vLLM V1. */
export function metricsText(modelId: string, gauges: Gauges, counters: Counters, cache: CacheInfo): string {
  const labels = `model_name="${modelId}",engine="0"`;
  const family = (name: string, type: string, help: string, lines: readonly string[]) => [
    `# HELP vllm:${name} ${help} (scripted server)`,
    `# TYPE vllm:${name} ${type}`,
    ...lines.map((line) => `vllm:${line}`),
  ];
  const one = (name: string, type: "gauge" | "counter", help: string, value: number) =>
    family(name, type, help, [`${name}{${labels}} ${value}`]);
  const histogram = (name: string, help: string, values: Histogram) =>
    family(name, "histogram", help, values.lines(name, labels));
  const info = [
    ["block_size", cache.blockSize],
    ["cache_dtype", cache.dtype],
    ["enable_prefix_caching", "True"],
    ["engine", 0],
    ["gpu_memory_utilization", cache.utilization],
    ["kv_cache_max_concurrency", cache.maxConcurrency],
    ["kv_cache_size_tokens", cache.kvCacheTokens],
    ["num_gpu_blocks", cache.blocks],
  ].map(([name, value]) => `${name}="${value}"`);
  return `${[
    ...one("num_requests_running", "gauge", "Requests being answered", gauges.running),
    ...one("num_requests_waiting", "gauge", "Requests before their first byte", gauges.waiting),
    ...one("kv_cache_usage_perc", "gauge", "Share of the KV blocks in use, 1 is all", gauges.kvUsage),
    ...one("prefix_cache_queries_total", "counter", "Prompt tokens looked up", counters.prefixQueries),
    ...one("prefix_cache_hits_total", "counter", "Prompt tokens found cached", counters.prefixHits),
    ...one("num_preemptions_total", "counter", "Preemptions", counters.preemptions),
    ...one("prompt_tokens_total", "counter", "Prompt tokens", counters.promptTokens),
    ...one("prompt_tokens_cached_total", "counter", "Prompt tokens not computed again", counters.prefixHits),
    ...one("generation_tokens_total", "counter", "Generated tokens", counters.generationTokens),
    ...family("request_success_total", "counter", "Answered requests", [
      ...[...counters.finished].map(
        ([reason, count]) => `request_success_total{${labels},finished_reason="${reason}"} ${count}`,
      ),
    ]),
    ...histogram("time_to_first_token_seconds", "Seconds to the first token", counters.ttft),
    ...histogram("inter_token_latency_seconds", "Seconds between tokens", counters.itl),
    ...histogram("e2e_request_latency_seconds", "Seconds of a whole request", counters.e2e),
    ...histogram("request_queue_time_seconds", "Seconds before a request is computed", counters.queue),
    ...family("cache_config_info", "gauge", "The cache's configuration", [`cache_config_info{${info.join(",")}} 1`]),
  ].join("\n")}\n`;
}
