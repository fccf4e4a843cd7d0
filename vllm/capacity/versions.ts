import type { Gpu } from "./gpus.ts";

const minorOf = (version: string): number => {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major * 1000 + minor;
};

/** Whether a version is among those whose arithmetic this is (kv_cache_utils and the hybrid block alignment were read in 0.16, 0.19, 0.22, 0.24 and 0.28 to 0.33; 0.32 was run, `npm run test:vllm`). */
export const isCovered = (version: string): boolean => minorOf(version) >= 10 && minorOf(version) <= 33;

/** Whether a version prints the older token figure (kvCacheTokensBefore022). */
export const printsOldTokens = (version: string): boolean => minorOf(version) < 22;

/** Whether a version takes state checkpoints inside a prefill on a GPU (blocks.ts, `prefillCheckpoints`). */
export const takesCheckpoints = (version: string, gpu: Gpu | undefined): boolean =>
  minorOf(version) >= 33 && gpu?.architecture === "hopper";
