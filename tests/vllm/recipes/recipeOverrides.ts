import type { ServeOverrides } from "../../../vllm/recipes/argv.ts";
import { findRecipe, type Recipe } from "../../../vllm/recipes/recipe.ts";

/** A recipe that is there. */
export function recipe(id: string): Recipe {
  const found = findRecipe(id);
  if (!found) throw new Error(id);
  return found;
}

/** What `start-vllm` hands on where a person says nothing: the recipe's own values. */
export const overridesOf = (recipe: Recipe, more: Partial<ServeOverrides> = {}): ServeOverrides => ({
  model: recipe.model,
  servedName: recipe.servedName,
  host: "127.0.0.1",
  port: 8001,
  context: recipe.context,
  utilization: recipe.utilization,
  maxNumSeqs: recipe.maxNumSeqs,
  maxNumBatchedTokens: recipe.maxNumBatchedTokens,
  kvCacheDtype: recipe.kvDtype === "fp8" ? "fp8" : "auto",
  extra: [],
  ...more,
});
