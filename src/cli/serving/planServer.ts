import { blockLayout, poolCapacity } from "../../../vllm/capacity/blocks.ts";
import type { PlanInput } from "../../../vllm/capacity/planInput.ts";
import { askReported, type Reported } from "../../../vllm/server/reported.ts";
import { CliFailure } from "../failure.ts";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";

/** Asks the server that `--server` names; throws CliFailure where it does not say what it holds. */
export async function reportedBy(io: Io, url: string): Promise<Reported> {
  try {
    return await askReported(url, io.env.AEGIS_API_KEY || undefined, io.signal);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new CliFailure(say(io.lang, "plan.noReport", { reason: error.message }), {
      next: say(io.lang, "plan.noReport.next"),
    });
  }
}

/** The prediction beside what vLLM says, a line a figure: block, pool, and concurrency in the server's own pool. */
export function comparisonLines(io: Io, input: PlanInput, poolGib: number | null, reported: Reported): string[] {
  const layout = blockLayout(input.shape, input);
  const context = reported.context ?? input.context;
  const pool = reported.blocks * layout.blockBytes;
  const predicted = poolCapacity(layout, pool, context);
  const count = (value: number | null): string =>
    value === null ? say(io.lang, "plan.unknown") : value.toLocaleString("en-US");
  return [
    say(io.lang, "plan.reported.block", { predicted: count(layout.blockSize), reported: count(reported.block_size) }),
    say(io.lang, "plan.reported.pool", {
      predicted: poolGib ?? say(io.lang, "plan.unknown"),
      reported: (pool / 2 ** 30).toFixed(2),
      blocks: count(reported.blocks),
    }),
    say(io.lang, "plan.reported.holds", {
      tokens: count(context),
      predicted: count(predicted.kvCacheTokens),
      concurrency: predicted.maxConcurrency.toFixed(2),
      reported: count(reported.kv_cache_tokens),
      reportedConcurrency: reported.max_concurrency?.toFixed(2) ?? say(io.lang, "plan.unknown"),
    }),
  ];
}
