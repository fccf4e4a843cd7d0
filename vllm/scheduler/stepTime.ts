import type { BlockLayout } from "../capacity/blocks.ts";
import type { ModelShape } from "../capacity/modelShape.ts";
import { estimateWeights } from "../capacity/weights.ts";
import type { Figures } from "./figures.ts";

/** What one step of the engine computes. Tokens. */
export interface StepLoad {
  /** Tokens of prompts. */
  prefillTokens: number;
  /** For each of them, how many tokens it attends to, summed. */
  prefillPairs: number;
  /** Sequences that get one more token. */
  decodes: number;
  /** Tokens those sequences have in the cache, summed. */
  decodeContext: number;
  sequences: number;
}

/** Coefficients of a step's time for one model on one kind of GPU; milliseconds, and milliseconds per unit. */
export interface StepCosts {
  base: number;
  perSequence: number;
  /** Weights read whatever the batch. */
  denseRead: number;
  /** All experts' weights read. */
  expertRead: number;
  /** Part of the experts one token touches, 0 to 1. */
  expertShare: number;
  /** A token of KV cache read. */
  perContextToken: number;
  /** Recurrent state of one sequence, read and written. */
  perState: number;
  /** A token through the linear layers. */
  perPrefillToken: number;
  /** One token attending to one. */
  perPair: number;
}

/** Costs for a model served in `weightsGib` over `tensorParallel` GPUs. Throws where there are no figures for the GPU. */
export function stepCosts(
  about: {
    shape: ModelShape;
    layout: BlockLayout;
    weightsGib: number;
    gpu: string;
    tensorParallel: number;
  },
  figures: Figures,
): StepCosts {
  const { shape, layout } = about;
  const gpu = figures.gpus[about.gpu];
  if (!gpu) throw new Error(`there are no speed figures for the GPU ${about.gpu}`);
  const speed = about.tensorParallel === 1 ? 1 : about.tensorParallel * figures.tensorParallelShare.value;
  const bytesPerMs = gpu.bandwidthTBs.value * 1e9 * figures.bandwidthShare.value * speed;
  const { config } = shape;
  const parameters = estimateWeights(shape)?.parameters ?? 0;
  const experts = config.num_experts ?? config.num_local_experts ?? 0;
  const perToken = Number(config.num_experts_per_tok ?? 0);
  const expertShare = experts === 0 ? 0 : perToken / experts;
  const expertParameters = experts * 3 * config.hidden_size * (config.moe_intermediate_size ?? 0) * shape.layers;
  const expertPart = parameters === 0 ? 0 : expertParameters / parameters;
  const weights = about.weightsGib * 2 ** 30;
  const active = parameters - expertParameters * (1 - expertShare);
  const flopsPerMs = (tflops: number) => tflops * 1e9 * speed;
  return {
    base: figures.stepMs.value,
    perSequence: figures.sequenceMs.value,
    denseRead: (weights * (1 - expertPart)) / bytesPerMs,
    expertRead: (weights * expertPart) / bytesPerMs,
    expertShare,
    perContextToken: layout.kvBytesPerToken / bytesPerMs,
    perState: (2 * layout.stateBytesPerSequence) / bytesPerMs,
    perPrefillToken: (2 * active) / flopsPerMs(gpu.linearTflops.value),
    perPair:
      (4 * shape.attentionLayers * config.num_attention_heads * shape.headDim) / flopsPerMs(gpu.attentionTflops.value),
  };
}

/** Milliseconds of one step. Weights are read while tokens are multiplied with them: the slower of the two counts. */
export function stepMs(costs: StepCosts, load: StepLoad): number {
  const tokens = load.prefillTokens + load.decodes;
  const touched = 1 - (1 - costs.expertShare) ** tokens;
  const read = costs.denseRead + costs.expertRead * touched;
  return (
    costs.base +
    costs.perSequence * load.decodes +
    Math.max(read, costs.perPrefillToken * tokens) +
    costs.perContextToken * load.decodeContext +
    costs.perState * load.sequences +
    costs.perPair * load.prefillPairs
  );
}
