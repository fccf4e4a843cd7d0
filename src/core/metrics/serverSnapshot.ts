import { z } from "zod";
import { readExposition, type Sample } from "./exposition.ts";

const count = z.number().nonnegative().finite();
const share = z.number().min(0).max(1);
const histogram = z.object({
  /** Observations. */
  count,
  /** Seconds, summed. */
  sum: count,
  /** Upper bound in seconds (Infinity for the last) and how many observations were at most that, ascending. */
  buckets: z.array(z.object({ le: z.number().or(z.literal(Number.POSITIVE_INFINITY)), count })),
});
/** A histogram of seconds. */
export type SecondsHistogram = z.infer<typeof histogram>;

const cacheConfig = z
  .object({
    /** Tokens. */
    blockSize: count,
    blocks: count,
    dtype: z.string(),
    prefixCaching: z.boolean(),
    utilization: share,
    /** "GPU KV cache size" in tokens. */
    kvCacheTokens: count,
    maxConcurrency: count,
  })
  .partial();

const snapshot = z.object({
  running: count,
  waiting: count,
  kvUsage: share,
  preemptions: count,
  prefixQueries: count,
  prefixHits: count,
  promptTokens: count,
  cachedPromptTokens: count,
  generationTokens: count,
  succeeded: count,
  /** Time to first token. */
  ttft: histogram,
  /** Inter-token latency. */
  itl: histogram,
  e2e: histogram,
  queue: histogram,
  /** Labels of `vllm:cache_config_info`. */
  cache: cacheConfig,
});
const partial = snapshot.partial();

/**
 * What a vLLM server says of itself. Every field is absent where the server does not give it, or gives something that
 * cannot be; several engines of one server are added up (KV use and cache: of the fullest and of the first).
 */
export type ServerSnapshot = z.infer<typeof partial>;

/** Names of vLLM V1 first, then those of V0 and of early V1. Counters are looked up with and without `_total`. */
const NAMES = {
  running: ["num_requests_running"],
  waiting: ["num_requests_waiting"],
  preemptions: ["num_preemptions"],
  prefixQueries: ["prefix_cache_queries", "gpu_prefix_cache_queries"],
  prefixHits: ["prefix_cache_hits", "gpu_prefix_cache_hits"],
  promptTokens: ["prompt_tokens"],
  cachedPromptTokens: ["prompt_tokens_cached"],
  generationTokens: ["generation_tokens"],
  succeeded: ["request_success"],
} as const;
const KV_USAGE = ["kv_cache_usage_perc", "gpu_cache_usage_perc"] as const;
const HISTOGRAMS = {
  ttft: ["time_to_first_token_seconds"],
  itl: ["inter_token_latency_seconds", "time_per_output_token_seconds"],
  e2e: ["e2e_request_latency_seconds"],
  queue: ["request_queue_time_seconds", "time_in_queue_requests"],
} as const;

type Families = ReadonlyMap<string, readonly Sample[]>;

function familiesOf(text: string): Families {
  const families = new Map<string, Sample[]>();
  for (const sample of readExposition(text)) {
    // Some proxies and relabelling rules write `vllm_` for `vllm:`.
    const name = /^vllm[:_](.+)$/.exec(sample.name)?.[1];
    if (name === undefined) continue;
    const family = families.get(name);
    if (family) family.push(sample);
    else families.set(name, [sample]);
  }
  return families;
}

function first(families: Families, names: readonly string[]): readonly Sample[] | undefined {
  for (const name of names) {
    const found = families.get(name) ?? families.get(`${name}_total`);
    if (found) return found;
  }
  return undefined;
}

const sumOf = (samples: readonly Sample[]): number => samples.reduce((sum, { value }) => sum + value, 0);

function histogramOf(families: Families, names: readonly string[]): unknown {
  const name = names.find((one) => families.has(`${one}_count`));
  if (name === undefined) return undefined;
  const bounds = new Map<number, number>();
  for (const { labels, value } of families.get(`${name}_bucket`) ?? []) {
    const le = labels.le === "+Inf" ? Number.POSITIVE_INFINITY : Number(labels.le);
    if (!Number.isNaN(le)) bounds.set(le, (bounds.get(le) ?? 0) + value);
  }
  return {
    count: sumOf(families.get(`${name}_count`) ?? []),
    sum: sumOf(families.get(`${name}_sum`) ?? []),
    buckets: [...bounds].sort(([a], [b]) => a - b).map(([le, value]) => ({ le, count: value })),
  };
}

function cacheOf(families: Families): Record<string, unknown> | undefined {
  const labels = families.get("cache_config_info")?.[0]?.labels;
  if (labels === undefined) return undefined;
  // vLLM writes Python's words: None, True, 16.
  const number = (name: string) =>
    /^[\d.]+(e[+-]?\d+)?$/i.test(labels[name] ?? "") ? Number(labels[name]) : undefined;
  const caching = labels.enable_prefix_caching;
  return {
    blockSize: number("block_size"),
    blocks: number("num_gpu_blocks"),
    dtype: labels.cache_dtype,
    prefixCaching: caching === undefined || caching === "None" ? undefined : /^(true|1)$/i.test(caching),
    utilization: number("gpu_memory_utilization"),
    kvCacheTokens: number("kv_cache_size_tokens"),
    maxConcurrency: number("kv_cache_max_concurrency"),
  };
}

/** Keeps of `values` what its schema takes: a server that says one impossible thing may be right about the others. */
function keepValid(
  shape: Readonly<Record<string, z.ZodType>>,
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(values)) {
    const schema = shape[key];
    const parsed = schema && value !== undefined ? schema.safeParse(value) : undefined;
    if (parsed?.success && parsed.data !== undefined) kept[key] = parsed.data;
  }
  return kept;
}

/** Reads the text of `/metrics`. Never throws; what is not there is absent. */
export function readSnapshot(text: string): ServerSnapshot {
  const families = familiesOf(text);
  const values: Record<string, unknown> = {};
  for (const [key, names] of Object.entries(NAMES)) {
    const samples = first(families, names);
    if (samples) values[key] = sumOf(samples);
  }
  const usage = first(families, KV_USAGE);
  if (usage && usage.length > 0) values.kvUsage = Math.max(...usage.map(({ value }) => value));
  for (const [key, names] of Object.entries(HISTOGRAMS)) values[key] = histogramOf(families, names);
  const cache = cacheOf(families);
  if (cache) values.cache = keepValid(cacheConfig.shape, cache);
  return partial.parse(keepValid(snapshot.shape, values));
}
