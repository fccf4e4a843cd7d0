import type { Language } from "../../src/core/workflow/model.ts";
import { adviseServing, type ServingAdvice } from "./advice.ts";
import { blockLayout, kvCacheTokensBefore022, poolCapacity } from "./blocks.ts";
import { derive } from "./derivation.ts";
import type { PlanInput } from "./planInput.ts";
import { mostSessionsOf, sessionsOf } from "./swarmSessions.ts";
import { printsOldTokens } from "./versions.ts";

const GIB = 2 ** 30;

/** What `plan --json` prints. GiB, bytes and tokens as named; null where it cannot be known from what was given. */
export interface Plan {
  weights_gib: number | null;
  kv_bytes_per_token: number;
  state_bytes_per_sequence: number;
  block_size: number;
  pool_gib: number | null;
  kv_cache_tokens: number | null;
  max_concurrency: number | null;
  max_context: number | null;
  sessions: number | null;
  fits: boolean | null;
  derivation: string[];
  /** `sessions` with a Librarian for each Worker. */
  most_sessions: number | null;
  advice: ServingAdvice | null;
}

const round = (value: number): number => Math.round(value * 100) / 100;

/** GiB for the KV cache on one GPU, below 0 where the weights leave no room; undefined where it cannot be known. */
function poolOf({ poolGib, gpu, weightsGib, tensorParallel, util, overheadGib }: PlanInput): number | undefined {
  if (poolGib !== undefined) return poolGib;
  if (!gpu || weightsGib === undefined) return undefined;
  return gpu.gib * util - weightsGib / tensorParallel - overheadGib;
}

/** Whether the context is more than the model was made for. */
export const aboveModel = (input: Pick<PlanInput, "shape" | "context">): boolean =>
  input.shape.maxPositions !== undefined && input.context > input.shape.maxPositions;

/**
 * Predicts what vLLM will report when it starts, from data alone.
 *
 * @param language of the derivation
 * @throws UnplannableModel where the heads do not divide among the GPUs
 */
export function planCapacity(input: PlanInput, language: Language = "en"): Plan {
  const layout = blockLayout(input.shape, input);
  const left = poolOf(input);
  const pool = left === undefined ? undefined : Math.max(0, left);
  const capacity = pool === undefined ? undefined : poolCapacity(layout, pool * GIB, input.context);
  const sessions = input.workers === undefined ? undefined : sessionsOf(input.workers);
  const version = input.vllmVersion;
  const old = version !== undefined && printsOldTokens(version);
  return {
    weights_gib: input.weightsGib === undefined ? null : round(input.weightsGib),
    kv_bytes_per_token: layout.kvBytesPerToken,
    state_bytes_per_sequence: layout.stateBytesPerSequence,
    block_size: layout.blockSize,
    pool_gib: pool === undefined ? null : round(pool),
    kv_cache_tokens: capacity ? (old ? kvCacheTokensBefore022(layout, capacity.blocks) : capacity.kvCacheTokens) : null,
    max_concurrency: capacity?.maxConcurrency ?? null,
    max_context: capacity?.maxContext ?? null,
    sessions: sessions ?? null,
    fits: capacity ? capacity.maxConcurrency >= (sessions ?? 1) && !aboveModel(input) : null,
    derivation: derive(input, { layout, capacity, left }, language),
    most_sessions: input.workers === undefined ? null : mostSessionsOf(input.workers),
    advice: capacity && input.workers !== undefined ? adviseServing(input.workers, capacity.maxConcurrency) : null,
  };
}
