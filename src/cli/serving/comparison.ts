import { type BlockOptions, blockLayout, poolCapacity } from "../../../vllm/capacity/blocks.ts";
import { flagValue } from "../../../vllm/recipes/argv.ts";
import type { StartupFacts } from "../../../vllm/server/logProgress.ts";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import type { ServeCommand } from "./serveCommand.ts";

/** The prediction beside what vLLM's log says, in words; undefined where either is not known. */
export function comparison(io: Io, command: ServeCommand, facts: StartupFacts): string | undefined {
  const { recipe, settings, shape, argv } = command;
  const { poolGib, kvCacheTokens, context, maxConcurrency } = facts;
  if (poolGib === undefined || kvCacheTokens === undefined || context === undefined || maxConcurrency === undefined)
    return undefined;
  const mode = flagValue(argv, "--mamba-cache-mode") ?? "none";
  if (!shape || (shape.gdn && mode !== "align" && mode !== "none")) return undefined;
  const options: BlockOptions = {
    kvDtype: settings.kvCacheDtype.startsWith("fp8") ? "fp8" : "bf16",
    tensorParallel: Number(flagValue(argv, "--tensor-parallel-size") ?? recipe.tensorParallel),
    mambaCacheMode: mode === "align" ? "align" : "none",
    device: recipe.gpu === null ? "cpu" : "gpu",
  };
  const checkpointed = blockLayout(shape, { ...options, prefillCheckpoints: true });
  // The block in the log tells which of the two layouts this vLLM uses on this GPU.
  const layout = facts.blockSize === checkpointed.blockSize ? checkpointed : blockLayout(shape, options);
  const predicted = poolCapacity(layout, poolGib * 2 ** 30, context);
  return say(io.lang, "start.predicted", {
    predicted: predicted.kvCacheTokens.toLocaleString("en-US"),
    concurrency: predicted.maxConcurrency.toFixed(2),
    reported: kvCacheTokens.toLocaleString("en-US"),
    reportedConcurrency: maxConcurrency.toFixed(2),
  });
}
