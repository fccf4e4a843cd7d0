import { gpus, memoryOverhead } from "../capacity/gpus.ts";
import { modelShape } from "../capacity/modelShape.ts";
import type { PlanInput } from "../capacity/planInput.ts";
import { modelConfig, type Recipe } from "./recipe.ts";

/** What to plan for a recipe as it stands, for a swarm of so many Workers. */
export const recipePlan = (recipe: Recipe, workers: number): PlanInput => ({
  shape: modelShape(modelConfig(recipe.modelConfig)),
  kvDtype: recipe.kvDtype,
  context: recipe.context,
  tensorParallel: recipe.tensorParallel,
  mambaCacheMode: recipe.mambaCacheMode,
  weightsGib: recipe.weightsGib,
  weightsFrom: recipe.weightsSource,
  gpu: gpus().find((gpu) => gpu.id === recipe.gpu),
  util: recipe.utilization,
  overheadGib: memoryOverhead().gib,
  poolGib: undefined,
  device: recipe.gpu === null ? "cpu" : "gpu",
  workers,
});
