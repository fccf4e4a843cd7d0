import type { Config } from "../../src/config/schema.ts";
import type { ServeOverrides } from "../recipes/argv.ts";
import type { Recipe } from "../recipes/recipe.ts";
import { BadValue, splitWords } from "./words.ts";

/** Everything a start needs that is not the recipe's. */
export interface ServeSettings extends ServeOverrides {
  /** CUDA_VISIBLE_DEVICES. */
  gpus: string | undefined;
  apiKey: string | undefined;
}

const loopback = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i;

/** Whether only this machine can reach an address. */
export const isLoopback = (host: string): boolean => loopback.test(host);

const kvDtypes: Record<string, string> = {
  auto: "auto",
  bf16: "auto",
  bfloat16: "auto",
  fp8: "fp8",
  fp8_e4m3: "fp8_e4m3",
  fp8_e5m2: "fp8_e5m2",
};

function batchedTokens(text: string | undefined, recipe: Recipe): number {
  if (text === undefined || text === "") return recipe.maxNumBatchedTokens;
  if (!/^\d+$/.test(text) || Number(text) < 1)
    throw new BadValue(`AEGIS_BATCHED_TOKENS=${text}: it is a whole number of tokens, 1 or more`);
  return Number(text);
}

function gpuList(text: string | undefined, recipe: Recipe): string | undefined {
  if (text === undefined) return undefined;
  const names = text.split(",").map((part) => part.trim());
  if (!names.every((name) => /^(\d+|(GPU|MIG)-[0-9a-f-]+)$/i.test(name)))
    throw new BadValue(`AEGIS_GPU=${text}: give GPU numbers or ids, separated by commas, such as 0 or 0,1`);
  if (names.length < recipe.tensorParallel)
    throw new BadValue(`AEGIS_GPU=${text}: the recipe ${recipe.id} needs ${recipe.tensorParallel} GPUs`);
  return names.join(",");
}

export interface SettingsInput {
  recipe: Recipe;
  /** The merged `vllm` section, environment included. */
  vllm: Config["vllm"];
  /** Keys of it somebody set; the recipe decides the others. */
  isSet: (key: keyof Config["vllm"]) => boolean;
  env: Readonly<Record<string, string | undefined>>;
  /** Words after `--`. */
  extra: readonly string[];
}

/** Puts the operator's settings over the recipe's. Throws BadValue. */
export function serveSettings({ recipe, vllm, isSet, env, extra }: SettingsInput): ServeSettings {
  const kv = vllm.kvDtype ?? recipe.kvDtype;
  const kvCacheDtype = kvDtypes[kv.toLowerCase()];
  if (kvCacheDtype === undefined)
    throw new BadValue(`AEGIS_KV_DTYPE=${kv}: it is one of ${Object.keys(kvDtypes).join(", ")}`);
  return {
    model: vllm.model ?? recipe.model,
    servedName: vllm.servedName ?? recipe.servedName,
    host: vllm.host,
    port: vllm.port,
    context: isSet("ctx") ? vllm.ctx : recipe.context,
    utilization: isSet("mem") ? vllm.mem : recipe.utilization,
    maxNumSeqs: isSet("batch") ? vllm.batch : recipe.maxNumSeqs,
    maxNumBatchedTokens: batchedTokens(env.AEGIS_BATCHED_TOKENS, recipe),
    kvCacheDtype,
    extra: [...splitWords(vllm.extra ?? ""), ...extra],
    gpus: gpuList(vllm.gpu, recipe),
    apiKey: env.AEGIS_API_KEY || undefined,
  };
}
