import { memoryBar } from "../capacity/memoryBar.ts";
import { memoryPicture } from "../capacity/memoryPicture.ts";
import { recipes } from "./recipe.ts";
import { recipePlan } from "./recipePlan.ts";

/** Workers of the swarm the picture draws. */
const WORKERS = 8;

/** docs/serving-memory.svg: one GPU's memory under every recipe that names a GPU. Written by `node scripts/pictures.mjs`. */
export const recipesPicture = (): string =>
  memoryPicture(
    recipes().flatMap((recipe) => {
      const bar = memoryBar(`${recipe.id} (${recipe.kvDtype} KV)`, recipePlan(recipe, WORKERS));
      return bar ? [bar] : [];
    }),
  );
