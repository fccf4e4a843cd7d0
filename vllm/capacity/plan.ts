import { adviseServing, type ServingAdvice } from "./advice.ts";
import {
  type BlockLayout,
  type BlockOptions,
  blockLayout,
  type KvDtype,
  kvCacheTokensBefore022,
  type MambaCacheMode,
  type PoolCapacity,
  poolCapacity,
} from "./blocks.ts";
import type { ModelShape } from "./modelShape.ts";
import { mostSessionsOf, sessionsOf } from "./swarmSessions.ts";
import { COVERED_VERSIONS, isCovered, printsOldTokens } from "./versions.ts";

const GIB = 2 ** 30;

export interface PlanInput {
  shape: ModelShape;
  kvDtype: KvDtype;
  /** Tokens of one request. */
  context: number;
  tensorParallel: number;
  mambaCacheMode: MambaCacheMode;
  /** Of the whole model, over all GPUs; undefined where nobody knows. */
  weightsGib: number | undefined;
  weightsFrom: string;
  /** One GPU's memory; undefined where only the pool is known. */
  gpu: { name: string; gib: number } | undefined;
  /** Share of a GPU that vLLM may use, 0 to 1. */
  util: number;
  /** GiB beside weights and KV cache on one GPU. */
  overheadGib: number;
  /** "Available KV cache memory" of one GPU; undefined: computed from the GPU and the weights. */
  poolGib: number | undefined;
  /** `cpu` for vLLM's CPU build; `gpu` where it is left out. */
  device?: BlockOptions["device"];
  /** See BlockOptions. */
  prefillCheckpoints?: BlockOptions["prefillCheckpoints"];
  /** vLLM's version; undefined: the arithmetic of 0.22 to 0.32. */
  vllmVersion?: string | undefined;
  /** Workers of the swarm that is to run. */
  workers: number | undefined;
}

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

const number = (value: number): string => value.toLocaleString("en-US", { maximumFractionDigits: 2 });
const mib = (bytes: number): string => `${number(bytes / 2 ** 20)} MiB`;
const round = (value: number): number => Math.round(value * 100) / 100;

function poolOf(input: PlanInput): { gib: number | undefined; line: string } {
  if (input.poolGib !== undefined)
    return { gib: input.poolGib, line: `pool = ${input.poolGib} GiB on each GPU, as given` };
  const { gpu, weightsGib, tensorParallel } = input;
  if (!gpu || weightsGib === undefined)
    return { gib: undefined, line: "pool: unknown without the GPU and the weights" };
  const perGpu = weightsGib / tensorParallel;
  const left = gpu.gib * input.util - perGpu - input.overheadGib;
  const none = left > 0 ? "" : ": no room for a KV cache";
  return {
    gib: Math.max(0, left),
    line: `pool = ${gpu.gib} GiB (${gpu.name}) × ${input.util} − ${number(perGpu)} GiB weights − ${input.overheadGib} GiB activations and graphs = ${number(left).replace("-", "−")} GiB on each GPU${none}`,
  };
}

function layoutLines(input: PlanInput, layout: BlockLayout): string[] {
  const { shape } = input;
  const element = input.kvDtype === "fp8" ? 1 : shape.dtypeBytes;
  const lines = [
    `KV per token = ${shape.attentionLayers} attention layers × 2 × ${shape.kvHeads} KV heads × ${shape.headDim} × ${element} B = ${number(layout.kvBytesPerToken)} B (${input.kvDtype})`,
  ];
  const gdn = shape.gdn;
  if (!gdn)
    return [
      ...lines,
      `block = ${layout.blockSize} tokens (vLLM's default for dense attention${input.device === "cpu" ? " on a CPU" : ""}), ${mib(layout.blockBytes)} over ${layout.groupLayers} layers on each GPU`,
    ];
  return [
    ...lines,
    `state per sequence = ${gdn.layers} GDN layers × (convolution + recurrent state) = ${mib(layout.stateBytesPerSequence)}`,
    `block = ${layout.blockStep} × ⌈${number(layout.stateBytesPerLayer)} B state ÷ (${layout.blockStep} × ${layout.pageBytesPerToken} B)⌉ = ${layout.blockSize} tokens: an attention page must hold a state`,
    `groups of ${layout.groupLayers} layers: ${layout.attentionGroups} attention + ${layout.gdnGroups} GDN; one block is ${mib(layout.blockBytes)} on each GPU`,
  ];
}

function capacityLines(input: PlanInput, layout: BlockLayout, capacity: PoolCapacity): string[] {
  const state = layout.gdnGroups * layout.stateBlocksPerGroup;
  const stateText =
    state === 0
      ? ""
      : ` + ${layout.gdnGroups} × ${layout.stateBlocksPerGroup} state blocks (--mamba-cache-mode ${input.mambaCacheMode})`;
  return [
    `blocks = ⌊pool ÷ ${mib(layout.blockBytes)}⌋ = ${number(capacity.blocks)}`,
    `blocks of one request of ${number(input.context)} tokens = ⌈${input.context} ÷ ${layout.blockSize}⌉${stateText} = ${capacity.blocksPerRequest}`,
    `maximum concurrency = ${number(capacity.blocks)} ÷ ${capacity.blocksPerRequest} = ${capacity.maxConcurrency.toFixed(2)}; KV cache = ${number(capacity.kvCacheTokens)} tokens`,
  ];
}

/** The other figure that a newer vLLM has on some GPUs; undefined where it has none. */
function checkpointLine(input: PlanInput, poolGib: number): string | undefined {
  if (!input.shape.gdn || input.mambaCacheMode !== "align" || input.device === "cpu") return undefined;
  // Whoever names a version has its own figures above.
  if (input.vllmVersion !== undefined) return undefined;
  const layout = blockLayout(input.shape, { ...input, prefillCheckpoints: true });
  const { maxConcurrency } = poolCapacity(layout, poolGib * GIB, input.context);
  return `vLLM 0.33 with FlashInfer's GDN prefill kernel (its default on Hopper) keeps one more state block a group and blocks of ${layout.blockSize} tokens: ${maxConcurrency.toFixed(2)} there`;
}

/** Whether the context is more than the model was made for. */
export const aboveModel = (input: Pick<PlanInput, "shape" | "context">): boolean =>
  input.shape.maxPositions !== undefined && input.context > input.shape.maxPositions;

/**
 * Predicts what vLLM will report when it starts, from data alone.
 *
 * @throws UnplannableModel where the heads do not divide among the GPUs
 */
export function planCapacity(input: PlanInput): Plan {
  const layout = blockLayout(input.shape, input);
  const pool = poolOf(input);
  const capacity = pool.gib === undefined ? undefined : poolCapacity(layout, pool.gib * GIB, input.context);
  const sessions = input.workers === undefined ? undefined : sessionsOf(input.workers);
  const derivation = [
    input.weightsGib === undefined
      ? "weights: unknown"
      : `weights = ${number(input.weightsGib)} GiB (${input.weightsFrom})`,
    ...layoutLines(input, layout),
    pool.line,
    ...(capacity ? capacityLines(input, layout, capacity) : []),
  ];
  if (aboveModel(input))
    derivation.push(
      `the model allows ${number(input.shape.maxPositions ?? 0)} tokens; ${number(input.context)} will be refused`,
    );
  if (sessions !== undefined && input.workers !== undefined)
    derivation.push(
      `${input.workers} Workers = ${sessions} sessions (one Scout each and the Commander), at most ${mostSessionsOf(input.workers)} with Librarians`,
    );
  const newer = pool.gib === undefined ? undefined : checkpointLine(input, pool.gib);
  if (newer !== undefined) derivation.push(newer);
  const version = input.vllmVersion;
  derivation.push(
    version !== undefined && !isCovered(version)
      ? `vLLM ${version} was not read; this is the arithmetic of ${COVERED_VERSIONS}`
      : `arithmetic of vLLM ${COVERED_VERSIONS}`,
  );
  const old = version !== undefined && printsOldTokens(version);
  return {
    weights_gib: input.weightsGib === undefined ? null : round(input.weightsGib),
    kv_bytes_per_token: layout.kvBytesPerToken,
    state_bytes_per_sequence: layout.stateBytesPerSequence,
    block_size: layout.blockSize,
    pool_gib: pool.gib === undefined ? null : round(pool.gib),
    kv_cache_tokens: capacity ? (old ? kvCacheTokensBefore022(layout, capacity.blocks) : capacity.kvCacheTokens) : null,
    max_concurrency: capacity?.maxConcurrency ?? null,
    max_context: capacity?.maxContext ?? null,
    sessions: sessions ?? null,
    fits: capacity ? capacity.maxConcurrency >= (sessions ?? 1) && !aboveModel(input) : null,
    derivation,
    most_sessions: input.workers === undefined ? null : mostSessionsOf(input.workers),
    advice: capacity && input.workers !== undefined ? adviseServing(input.workers, capacity.maxConcurrency) : null,
  };
}
