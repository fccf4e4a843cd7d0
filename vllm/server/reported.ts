import { z } from "zod";
import { metricsUrl, readMetrics } from "../../src/adapters/modelServer/metricsPoller.ts";
import { withinTime } from "../../src/ports/timeLimit.ts";

/** What a running vLLM says it holds. Tokens and blocks. */
export interface Reported {
  block_size: number;
  blocks: number;
  kv_cache_tokens: number | null;
  max_concurrency: number | null;
  /** Tokens of one request, from /v1/models: what `max_concurrency` is for. */
  context: number | null;
}

const modelsSchema = z.object({ data: z.array(z.object({ max_model_len: z.number().nullish() })).min(1) });
const TIMEOUT_MS = 10_000;

/**
 * Asks a running vLLM. Throws where it does not answer or is no vLLM; the message says which.
 *
 * @param url with or without `/v1`
 */
export async function askReported(url: string, apiKey: string | undefined, signal: AbortSignal): Promise<Reported> {
  const { origin } = new URL(url);
  const key = apiKey === undefined ? {} : { apiKey };
  const reading = await readMetrics({ baseUrl: origin, ...key, signal, timeoutMs: TIMEOUT_MS });
  signal.throwIfAborted();
  if (!reading.ok) throw new Error(`${metricsUrl(origin)}: ${reading.reason}`);
  const { cache } = reading.snapshot;
  if (cache?.blocks === undefined || cache.blockSize === undefined)
    throw new Error(`${metricsUrl(origin)} has no vllm:cache_config_info with a number of blocks`);
  const models = await withinTime(TIMEOUT_MS, signal, async (limit) => {
    const headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
    const response = await fetch(`${origin}/v1/models`, { headers, signal: limit });
    if (!response.ok) throw new Error(`${response.url}: HTTP ${response.status}`);
    return modelsSchema.safeParse(await response.json());
  });
  return {
    block_size: cache.blockSize,
    blocks: cache.blocks,
    kv_cache_tokens: cache.kvCacheTokens ?? null,
    max_concurrency: cache.maxConcurrency ?? null,
    context: models.success ? (models.data.data[0]?.max_model_len ?? null) : null,
  };
}
