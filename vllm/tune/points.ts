import { blockLayout, type KvDtype, poolCapacity } from "../capacity/blocks.ts";
import { gpus, memoryOverhead } from "../capacity/gpus.ts";
import { type ModelShape, modelShape } from "../capacity/modelShape.ts";
import { modelConfig, type Recipe } from "../recipes/recipe.ts";
import type { Figures } from "../scheduler/figures.ts";
import type { SchedulerSettings } from "../scheduler/scheduler.ts";
import { stepCosts } from "../scheduler/stepTime.ts";

/** One way to start the server. */
export interface Point {
  maxNumSeqs: number;
  /** Tokens of one step. */
  maxNumBatchedTokens: number;
  /** Tokens of one request. */
  context: number;
  kvDtype: KvDtype;
  /** Share of the GPU's memory, 0 to 1. */
  utilization: number;
}

/** Values to try for each. */
export interface Grid {
  maxNumSeqs: readonly number[];
  maxNumBatchedTokens: readonly number[];
  context: readonly number[];
  kvDtype: readonly KvDtype[];
  utilization: readonly number[];
}

/** Why a point cannot be served. */
export type Unfit = "pool" | "context" | "sequences" | "block" | "longest";

export interface ServedModel {
  recipe: Recipe;
  shape: ModelShape;
  figures: Figures;
}

const MIB = 2 ** 20;
const GIB = 2 ** 30;

export const servedModel = (recipe: Recipe, figures: Figures): ServedModel => ({
  recipe,
  shape: modelShape(modelConfig(recipe.modelConfig)),
  figures,
});

export const pointOf = (recipe: Recipe): Point => ({
  maxNumSeqs: recipe.maxNumSeqs,
  maxNumBatchedTokens: recipe.maxNumBatchedTokens,
  context: recipe.context,
  kvDtype: recipe.kvDtype,
  utilization: recipe.utilization,
});

/** The values tried where the person names none; the recipe's own are always among them. */
export function defaultGrid(recipe: Recipe): Grid {
  const with_ = (values: readonly number[], own: number) => [...new Set([...values, own])].sort((a, b) => a - b);
  return {
    maxNumSeqs: with_([8, 16, 24, 32, 48], recipe.maxNumSeqs),
    maxNumBatchedTokens: with_([2048, 4096, 8192, 16_384], recipe.maxNumBatchedTokens),
    context: with_([65_536, 131_072], recipe.context),
    kvDtype: ["bf16", "fp8"],
    utilization: [recipe.utilization],
  };
}

/** Every combination. */
export function gridPoints(grid: Grid): Point[] {
  return grid.maxNumSeqs.flatMap((maxNumSeqs) =>
    grid.maxNumBatchedTokens.flatMap((maxNumBatchedTokens) =>
      grid.context.flatMap((context) =>
        grid.kvDtype.flatMap((kvDtype) =>
          grid.utilization.map((utilization) => ({
            maxNumSeqs,
            maxNumBatchedTokens,
            context,
            kvDtype,
            utilization,
          })),
        ),
      ),
    ),
  );
}

/** A name for a point, the same for the same one. */
export const pointId = (point: Point): string =>
  `${point.maxNumSeqs}x${point.maxNumBatchedTokens} ctx${point.context} ${point.kvDtype} mem${point.utilization}`;

/** GiB of KV cache a point leaves on each GPU: larger batches need more room for activations. */
export function poolGib({ recipe, figures }: ServedModel, point: Point): number {
  const gpu = gpus().find(({ id }) => id === recipe.gpu);
  if (!gpu) throw new Error(`the recipe ${recipe.id} names no GPU there are figures for`);
  // The overhead's source is a server with vLLM's default of 8,192 tokens and 16 sequences.
  const more =
    ((point.maxNumBatchedTokens - 8192) * figures.batchedTokenMib.value +
      (point.maxNumSeqs - 16) * figures.sequenceMib.value) *
    (MIB / GIB);
  const pool = gpu.gib * point.utilization - recipe.weightsGib / recipe.tensorParallel - memoryOverhead().gib - more;
  return Math.max(0, pool);
}

/**
 * The modelled server of a point, or why there can be none.
 *
 * @param longest tokens of the longest request it has to take
 */
export function settingsOf(
  model: ServedModel,
  point: Point,
  longest: number,
): { settings: SchedulerSettings } | { unfit: Unfit } {
  const { recipe, shape } = model;
  const { kvDtype, context } = point;
  if (longest > context) return { unfit: "longest" };
  if (shape.maxPositions !== undefined && context > shape.maxPositions) return { unfit: "context" };
  const { tensorParallel, mambaCacheMode } = recipe;
  const layout = blockLayout(shape, { kvDtype, tensorParallel, mambaCacheMode });
  const pool = poolCapacity(layout, poolGib(model, point) * GIB, context);
  // vLLM does not start where one request of the full context has no room.
  if (pool.maxConcurrency < 1) return { unfit: "pool" };
  const hybrid = layout.gdnGroups > 0;
  if (hybrid && point.maxNumBatchedTokens < layout.blockSize) return { unfit: "block" };
  if (hybrid && point.maxNumSeqs > pool.blocks) return { unfit: "sequences" };
  return {
    settings: {
      maxNumSeqs: point.maxNumSeqs,
      maxNumBatchedTokens: point.maxNumBatchedTokens,
      maxModelLen: context,
      blocks: pool.blocks,
      blockSize: layout.blockSize,
      attentionGroups: layout.attentionGroups,
      stateGroups: layout.gdnGroups,
      stateBlocksPerGroup: layout.stateBlocksPerGroup,
      policy: recipe.flags.some(([flag, value]) => flag === "--scheduling-policy" && value === "priority")
        ? "priority"
        : "fcfs",
      costs: stepCosts(
        { shape, layout, weightsGib: recipe.weightsGib, gpu: recipe.gpu ?? "", tensorParallel },
        model.figures,
      ),
    },
  };
}
