import { CONFIDENCE } from "../../../vllm/capacity/advice.ts";
import { gpus } from "../../../vllm/capacity/gpus.ts";
import { type Plan, planCapacity } from "../../../vllm/capacity/plan.ts";
import type { PlanInput } from "../../../vllm/capacity/planInput.ts";
import { mostSessionsOf, sessionsOf } from "../../../vllm/capacity/swarmSessions.ts";
import { weightBits } from "../../../vllm/capacity/weights.ts";
import { isFourBit, type Recipe, recipes } from "../../../vllm/recipes/recipe.ts";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";

/** The swarm of the founding documents: 8 Workers, 8 Scouts, a Commander; shown where no --workers is given. */
const USUAL_WORKERS = 8;

/** Which of one server, data parallel and several servers holds the swarm, in words. */
function adviceLines(io: Io, plan: Plan, input: PlanInput, recipe: Recipe | undefined): string[] {
  const { context, kvDtype } = input;
  const { advice, most_sessions: most } = plan;
  if (!advice || most === null) return [];
  const room = advice.sessions_per_server;
  if (plan.pool_gib === 0) return [say(io.lang, "plan.advice.noRoom", { ways: ways(io, input, recipe, false) })];
  if (advice.recommended === "bigger-server") {
    const tokens = context.toLocaleString("en-US");
    return [say(io.lang, "plan.advice.bigger", { tokens, ways: ways(io, input, recipe, true) })];
  }
  if (advice.one_server_with_librarians) return [say(io.lang, "plan.advice.one", { most })];
  if (advice.one_server) return [say(io.lang, "plan.advice.tight", { room, most })];
  const even = advice.data_parallel_size ?? 1;
  const servers = advice.routed_servers ?? even;
  return [
    say(io.lang, `plan.advice.routed.${kvDtype}`, { servers, room, percent: CONFIDENCE * 100 }),
    say(io.lang, "plan.advice.dataParallel", { even }),
  ];
}

/** What would give a session room, of what is not so already. @param hasPool whether the weights leave room for a KV cache */
function ways(
  io: Io,
  { kvDtype, gpu, shape, tensorParallel }: PlanInput,
  recipe: Recipe | undefined,
  hasPool: boolean,
): string {
  const fourBit = recipe ? isFourBit(recipe) : weightBits(shape) <= 4;
  const onGpu = gpus().find(({ name }) => name === gpu?.name)?.id;
  const others = recipes().filter((each) => isFourBit(each) && each.gpu === onGpu);
  const other = others.find((each) => each.tensorParallel === tensorParallel) ?? others[0];
  const larger = gpu !== undefined && gpus().some(({ gib }) => gib > gpu.gib);
  return [
    say(io.lang, "plan.way.tp"),
    ...(larger ? [say(io.lang, "plan.way.gpu")] : []),
    ...(hasPool ? [say(io.lang, "plan.way.ctx")] : []),
    ...(hasPool && kvDtype === "bf16" ? [say(io.lang, "plan.way.fp8")] : []),
    ...(fourBit
      ? []
      : [recipe && other ? say(io.lang, "plan.way.4bitRecipe", { recipe: other.id }) : say(io.lang, "plan.way.4bit")]),
  ].join(", ");
}

/** What the swarm needs and which servers hold it, for both kinds of KV where no --workers is given. */
export function swarmLines(io: Io, input: PlanInput, recipe: Recipe | undefined): string[] {
  const workers = input.workers ?? USUAL_WORKERS;
  const sessions = sessionsOf(workers);
  const kinds = input.workers === undefined ? (["bf16", "fp8"] as const) : [input.kvDtype];
  const lines: string[] = [];
  for (const kvDtype of kinds) {
    const plan = planCapacity({ ...input, kvDtype, workers });
    if (plan.max_concurrency === null || plan.pool_gib === null) return [];
    lines.push(
      say(io.lang, "plan.swarmLine", {
        workers,
        sessions,
        most: mostSessionsOf(workers),
        tokens: input.context.toLocaleString("en-US"),
        kv: kvDtype,
        held: plan.max_concurrency.toFixed(1),
        pool: plan.pool_gib,
        verdict: say(io.lang, plan.fits ? "plan.fits" : "plan.fitsNot"),
      }),
    );
    lines.push(...adviceLines(io, plan, { ...input, kvDtype }, recipe));
  }
  return lines;
}
