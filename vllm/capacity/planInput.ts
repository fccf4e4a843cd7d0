import type { BlockOptions, KvDtype, MambaCacheMode } from "./blocks.ts";
import type { ModelShape } from "./modelShape.ts";

/** What a plan is made from. */
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
