import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type KvDtype, type MambaCacheMode, splittable } from "../../../vllm/capacity/blocks.ts";
import { gpus, memoryOverhead } from "../../../vllm/capacity/gpus.ts";
import { memoryBar } from "../../../vllm/capacity/memoryBar.ts";
import { memoryPicture } from "../../../vllm/capacity/memoryPicture.ts";
import { type ModelShape, modelShape, UnplannableModel } from "../../../vllm/capacity/modelShape.ts";
import { aboveModel, type Plan, planCapacity } from "../../../vllm/capacity/plan.ts";
import type { PlanInput } from "../../../vllm/capacity/planInput.ts";
import { takesCheckpoints } from "../../../vllm/capacity/versions.ts";
import { estimateWeights } from "../../../vllm/capacity/weights.ts";
import { DEFAULT_RECIPE, findRecipe, modelConfig, type Recipe, recipes } from "../../../vllm/recipes/recipe.ts";
import type { Reported } from "../../../vllm/server/reported.ts";
import { messageOf } from "../../ports/thrown.ts";
import { CliFailure } from "../failure.ts";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { comparisonLines, reportedBy } from "./planServer.ts";
import { swarmLines } from "./planSwarm.ts";

export interface PlanFlags {
  recipe?: string;
  config?: string;
  gpu?: string;
  gpuGib?: number;
  util?: number;
  weightsGib?: number;
  kvDtype?: string;
  ctx?: number;
  tp?: number;
  mambaCacheMode?: string;
  poolGib?: number;
  workers?: number;
  vllm?: string;
  server?: string;
  svg?: string;
  json?: boolean;
}

/** A plan and how to show it to a person. */
export interface PlanReport {
  plan: Plan;
  title: string;
  rows: { name: string; value: string }[];
  /** Sentences about the swarm. */
  swarm: string[];
  /** What the server of `--server` says, and the prediction beside it in words. */
  reported: Reported | null;
  comparison: string[];
}

/** The product's default context, in tokens. */
const DEFAULT_CONTEXT = 131_072;

/** A recipe by name; throws the failure that lists them. */
export function recipeOrFail(io: Io, id: string = DEFAULT_RECIPE): Recipe {
  const recipe = findRecipe(id);
  if (recipe) return recipe;
  const ids = recipes()
    .map((one) => one.id)
    .join(", ");
  throw new CliFailure(say(io.lang, "plan.unknownRecipe", { id }), {
    exitCode: 2,
    next: say(io.lang, "plan.unknownRecipe.next", { ids }),
  });
}

function unreadable(io: Io, file: string, error: unknown): CliFailure {
  const reason = messageOf(error);
  return new CliFailure(say(io.lang, "plan.unreadable", { file, reason }), {
    next: say(io.lang, "plan.unreadable.next"),
  });
}

async function readShape(io: Io, file: string): Promise<ModelShape> {
  try {
    const text = await readFile(resolve(io.cwd, file), "utf8");
    return modelShape(JSON.parse(text.replace(/^\uFEFF/, "")));
  } catch (error) {
    throw unreadable(io, file, error);
  }
}

/** What is planned for, on the GPUs that were named where some were. */
function titleOf(lang: Io["lang"], recipe: Recipe | undefined, flags: PlanFlags, input: PlanInput): string {
  const { gpu, tensorParallel: count } = input;
  const named = flags.gpu !== undefined || flags.gpuGib !== undefined || flags.tp !== undefined;
  if (recipe && !named) return lang === "ko" ? recipe.titleKo : recipe.title;
  // The model without the machine of its recipe: both languages name it alike.
  const model = recipe?.title.replace(/ on (one|two) .*$/, "") ?? flags.config ?? "";
  if (input.device === "cpu") return named ? say(lang, "plan.title.cpu", { model }) : model;
  // A config beside a pool of its own needs no GPU: none is made up for it.
  if (!gpu || (!recipe && !named && flags.poolGib !== undefined)) return model;
  if (flags.gpuGib === undefined) return say(lang, "plan.title.gpu", { model, count, gpu: gpu.name });
  return say(lang, "plan.title.gib", { model, count, gib: gpu.gib });
}

function aboveLimit(io: Io, { shape, context }: PlanInput): CliFailure {
  const max = shape.maxPositions ?? 0;
  return new CliFailure(say(io.lang, "start.context", { context, max }), {
    next: say(io.lang, "plan.context.next", { max }),
  });
}

async function inputOf(
  io: Io,
  flags: PlanFlags,
  lang: Io["lang"],
): Promise<PlanInput & { recipe: Recipe | undefined }> {
  if (flags.recipe !== undefined && flags.config !== undefined)
    throw new CliFailure(say(io.lang, "plan.both"), { exitCode: 2 });
  const recipe = flags.config === undefined ? recipeOrFail(io, flags.recipe) : undefined;
  const shape =
    flags.config === undefined
      ? modelShape(modelConfig(recipe?.modelConfig ?? "qwen3-coder-next"))
      : await readShape(io, flags.config);
  const estimate = recipe ? undefined : estimateWeights(shape);
  const weights =
    flags.weightsGib !== undefined
      ? { gib: flags.weightsGib, from: say(lang, "plan.from.given") }
      : recipe
        ? { gib: recipe.weightsGib, from: lang === "ko" ? recipe.weightsSourceKo : recipe.weightsSource }
        : { gib: estimate?.gib, from: say(lang, "plan.from.estimated") };
  const gpuId = flags.gpu ?? (recipe ? (recipe.gpu ?? "cpu") : "h200");
  const known = gpus().find((one) => one.id === gpuId);
  const mode = (flags.mambaCacheMode ?? recipe?.mambaCacheMode ?? "align") as MambaCacheMode;
  const gpu = flags.gpuGib === undefined ? known : { name: say(lang, "plan.from.given"), gib: flags.gpuGib };
  return {
    recipe,
    shape,
    kvDtype: (flags.kvDtype ?? recipe?.kvDtype ?? "bf16") as KvDtype,
    context: flags.ctx ?? recipe?.context ?? Math.min(DEFAULT_CONTEXT, shape.maxPositions ?? DEFAULT_CONTEXT),
    tensorParallel: flags.tp ?? recipe?.tensorParallel ?? 1,
    mambaCacheMode: mode,
    device: gpuId === "cpu" ? "cpu" : "gpu",
    vllmVersion: flags.vllm,
    prefillCheckpoints: flags.vllm !== undefined && takesCheckpoints(flags.vllm, known),
    weightsGib: weights.gib,
    weightsFrom: weights.from,
    gpu,
    util: flags.util ?? recipe?.utilization ?? 0.92,
    overheadGib: memoryOverhead().gib,
    poolGib: flags.poolGib,
    workers: flags.workers,
  };
}

function rowsOf(io: Io, input: PlanInput, plan: Plan): PlanReport["rows"] {
  const unknown = say(io.lang, "plan.unknown");
  const count = (value: number | null): string => (value === null ? unknown : value.toLocaleString("en-US"));
  const gib = (value: number | null): string => (value === null ? unknown : `${value} GiB`);
  const model = input.shape.maxPositions;
  const longest = plan.max_context;
  return [
    { name: say(io.lang, "plan.weights"), value: gib(plan.weights_gib) },
    { name: say(io.lang, "plan.pool"), value: gib(plan.pool_gib) },
    { name: say(io.lang, "plan.kvToken"), value: `${count(plan.kv_bytes_per_token)} B (${input.kvDtype})` },
    {
      name: say(io.lang, "plan.state"),
      value:
        plan.state_bytes_per_sequence === 0
          ? say(io.lang, "plan.noState")
          : `${(plan.state_bytes_per_sequence / 2 ** 20).toFixed(1)} MiB`,
    },
    { name: say(io.lang, "plan.block"), value: say(io.lang, "plan.tokensUnit", { count: count(plan.block_size) }) },
    {
      name: say(io.lang, "plan.tokens"),
      value:
        plan.kv_cache_tokens === null
          ? unknown
          : say(io.lang, "plan.tokensUnit", { count: count(plan.kv_cache_tokens) }),
    },
    {
      name: say(io.lang, "plan.concurrency"),
      value:
        plan.max_concurrency === null
          ? unknown
          : say(io.lang, "plan.concurrencyAt", {
              value: plan.max_concurrency.toFixed(2),
              tokens: count(input.context),
            }),
    },
    {
      name: say(io.lang, "plan.maxContext"),
      value:
        longest === null
          ? unknown
          : model !== undefined && longest > model
            ? say(io.lang, "plan.maxContextModel", { tokens: count(longest), model: count(model) })
            : say(io.lang, "plan.tokensUnit", { count: count(longest) }),
    },
  ];
}

async function writePicture(io: Io, file: string, title: string, input: PlanInput): Promise<void> {
  const bar = memoryBar(title, input);
  if (!bar)
    throw new CliFailure(say(io.lang, "plan.noPicture"), { exitCode: 2, next: say(io.lang, "plan.noPicture.next") });
  try {
    await writeFile(resolve(io.cwd, file), memoryPicture([bar]));
  } catch (error) {
    throw new CliFailure(messageOf(error));
  }
}

/**
 * Plans for the flags; writes a picture where `--svg` asks for one. Throws CliFailure where a recipe or a config cannot be
 * used and where a named server does not answer.
 */
export async function reportPlan(io: Io, flags: PlanFlags): Promise<PlanReport> {
  // What programs read is the same in every language.
  const lang = flags.json ? "en" : io.lang;
  const { recipe, ...input } = await inputOf(io, flags, lang);
  // A program gets the plan, with `fits` false.
  if (aboveModel(input) && !flags.json) throw aboveLimit(io, input);
  const title = titleOf(lang, recipe, flags, input);
  try {
    const plan = planCapacity(input, lang);
    if (flags.svg !== undefined) await writePicture(io, flags.svg, titleOf("en", recipe, flags, input), input);
    const reported = flags.server === undefined ? null : await reportedBy(io, flags.server);
    const isAsked = flags.workers === undefined && recipe?.id === DEFAULT_RECIPE;
    const belief = isAsked ? [say(io.lang, "plan.belief")] : [];
    return {
      plan,
      title,
      rows: rowsOf(io, input, plan),
      swarm: [...swarmLines(io, input, recipe), ...belief],
      reported,
      comparison: reported ? comparisonLines(io, input, plan.pool_gib, reported) : [],
    };
  } catch (error) {
    // The config itself was read above: what is left is a count of GPUs that its heads do not divide among.
    if (error instanceof UnplannableModel)
      throw new CliFailure(say(io.lang, "plan.unreadable", { file: title, reason: error.message }), {
        next: say(io.lang, "plan.split.next", { counts: splittable(input.shape, input).join(", ") }),
      });
    throw error;
  }
}
