import { blockLayout, poolCapacity } from "./blocks.ts";
import type { MemoryBar } from "./memoryPicture.ts";
import { planCapacity } from "./plan.ts";
import type { PlanInput } from "./planInput.ts";
import { sessionsOf } from "./swarmSessions.ts";

/** Workers of the swarm that is drawn where none are named. */
const USUAL_WORKERS = 8;

/** A plan as a bar of a picture; undefined where the GPU, the weights or the pool are not known. */
export function memoryBar(title: string, input: PlanInput): MemoryBar | undefined {
  const { gpu, weightsGib } = input;
  const plan = planCapacity(input);
  if (!gpu || weightsGib === undefined || plan.pool_gib === null || plan.max_concurrency === null) return undefined;
  const layout = blockLayout(input.shape, input);
  const workers = input.workers ?? USUAL_WORKERS;
  return {
    title,
    gpu,
    util: input.util,
    weightsGib: weightsGib / input.tensorParallel,
    overheadGib: input.overheadGib,
    poolGib: plan.pool_gib,
    layout,
    maxConcurrency: plan.max_concurrency,
    blocksPerRequest: poolCapacity(layout, 0, input.context).blocksPerRequest,
    workers,
    sessions: sessionsOf(workers),
    context: input.context,
  };
}
