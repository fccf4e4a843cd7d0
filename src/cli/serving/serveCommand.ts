import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type ModelShape, modelShape, UnplannableModel } from "../../../vllm/capacity/modelShape.ts";
import { argvFor, flagValue } from "../../../vllm/recipes/argv.ts";
import { checkArgv, tokensOf } from "../../../vllm/recipes/checkArgv.ts";
import { modelConfig, type Recipe } from "../../../vllm/recipes/recipe.ts";
import { readAegisEnv } from "../../../vllm/server/aegisEnv.ts";
import { type FoundVllm, findVllm } from "../../../vllm/server/findVllm.ts";
import { localModelConfig } from "../../../vllm/server/machine.ts";
import { type Notice, notice } from "../../../vllm/server/notice.ts";
import { isLoopback, type ServeSettings, serveSettings } from "../../../vllm/server/settings.ts";
import { BadValue } from "../../../vllm/server/words.ts";
import { readTextFile } from "../../adapters/readTextFile.ts";
import { readConfig } from "../../config/read.ts";
import { homeOf, wordProblem } from "../config/load.ts";
import { CliFailure } from "../failure.ts";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { findProjectRoot } from "../projectRoot.ts";
import { recipeOrFail } from "./planReport.ts";

/** A command line that would serve, judged. */
export interface ServeCommand {
  recipe: Recipe;
  settings: ServeSettings;
  /** Undefined where the model's config is not on this machine or cannot be planned for. */
  shape: ModelShape | undefined;
  /** Where vLLM is; undefined where it was not found. */
  found: FoundVllm | undefined;
  looked: string;
  /** Program and words. */
  argv: string[];
  /** Variables the server gets beside this process's own; the key in clear. */
  env: Record<string, string>;
  host: string;
  port: number;
  servedName: string;
  notices: Notice[];
}

async function envFile(root: string): Promise<ReturnType<typeof readAegisEnv>> {
  const path = join(root, "vllm", "aegis.env");
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) return "";
    throw error;
  });
  return readAegisEnv(text, path);
}

/** A value that cannot be used, as the failure a command ends with. */
export function badValue(io: Io, detail: string): CliFailure {
  return new CliFailure(say(io.lang, "start.badValue", { detail }), { next: say(io.lang, "start.badValue.next") });
}

/** The operator's settings over the recipe's, from files, environment and further words. Throws CliFailure and BadValue. */
export async function settingsOf(io: Io, recipe: Recipe, extra: readonly string[]) {
  const root = (await findProjectRoot(io.cwd)) ?? io.cwd;
  const file = await envFile(root);
  const given = Object.fromEntries(Object.entries(io.env).filter(([, value]) => (value ?? "") !== ""));
  const env = { ...file.values, ...given };
  const read = readConfig({ projectDir: root, env, home: homeOf(io), readFile: readTextFile });
  if (!read.ok) throw badValue(io, read.problems.map((problem) => wordProblem(io, problem)).join("\n  "));
  const settings = serveSettings({
    recipe,
    vllm: read.config.vllm,
    isSet: (key) => (read.origin[`vllm.${key}`] ?? "default") !== "default",
    env,
    extra,
  });
  return { settings, notices: file.notices };
}

/** What is known of the model: the recipe's own, else what its config.json on this machine says. */
export async function shapeOf(io: Io, recipe: Recipe, model: string): Promise<ModelShape | undefined> {
  const config =
    model === recipe.model ? modelConfig(recipe.modelConfig) : await localModelConfig(model, io.env, io.cwd);
  if (config === undefined) return undefined;
  try {
    return modelShape(config);
  } catch (error) {
    // A model we cannot plan for can be served all the same.
    if (error instanceof UnplannableModel) return undefined;
    throw error;
  }
}

function checkBind(io: Io, host: string, settings: ServeSettings, argv: readonly string[]): void {
  if (isLoopback(host) || settings.apiKey !== undefined || flagValue(argv, "--api-key") !== undefined) return;
  throw new CliFailure(say(io.lang, "start.bind", { host }), { next: say(io.lang, "start.bind.next") });
}

/**
 * Puts recipe, configuration, `vllm/aegis.env`, environment and extra words together, for the vLLM that is installed.
 * Throws CliFailure at bad values, a context above the model's and an address open to others without a key.
 */
export async function serveCommand(
  io: Io,
  recipeId: string | undefined,
  extra: readonly string[],
): Promise<ServeCommand> {
  const recipe = recipeOrFail(io, recipeId);
  try {
    const { settings, notices } = await settingsOf(io, recipe, extra);
    const shape = await shapeOf(io, recipe, settings.model);
    const limit = shape?.maxPositions;
    const located = await findVllm(io.env, io.cwd);
    const found = "found" in located ? located.found : undefined;
    const made = argvFor(recipe, found?.version, settings);
    checkArgv(made.argv);
    // `auto` and -1 leave it to vLLM, which stays within the model.
    const context = tokensOf(flagValue(made.argv, "--max-model-len") ?? "") ?? 0;
    if (limit !== undefined && context > limit)
      throw new CliFailure(say(io.lang, "start.context", { context, max: limit }), {
        next: say(io.lang, "start.context.next", { max: limit }),
      });
    const host = flagValue(made.argv, "--host") ?? settings.host;
    checkBind(io, host, settings, made.argv);
    return {
      recipe,
      settings,
      shape,
      found,
      looked: "looked" in located ? located.looked : "",
      argv: [...(found?.command ?? ["vllm"]), ...made.argv],
      env: {
        ...(settings.gpus === undefined ? {} : { CUDA_VISIBLE_DEVICES: settings.gpus }),
        ...(settings.apiKey === undefined ? {} : { VLLM_API_KEY: settings.apiKey }),
      },
      host,
      port: Number(flagValue(made.argv, "--port") ?? settings.port),
      servedName: flagValue(made.argv, "--served-model-name") ?? settings.servedName,
      notices: [
        ...notices,
        ...(limit === undefined ? [notice("modelUnchecked", { model: settings.model })] : []),
        ...(found && found.version === undefined ? [notice("versionUnknown")] : []),
        ...made.notices,
      ],
    };
  } catch (error) {
    if (error instanceof BadValue) throw badValue(io, error.message);
    throw error;
  }
}

/** A notice in the person's language. */
export const wordNotice = (io: Io, one: Notice): string => say(io.lang, `notice.${one.code}`, one.values);
