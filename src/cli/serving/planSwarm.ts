import { CONFIDENCE } from "../../../vllm/capacity/advice.ts";
import { type Plan, planCapacity } from "../../../vllm/capacity/plan.ts";
import type { PlanInput } from "../../../vllm/capacity/planInput.ts";
import { mostSessionsOf, sessionsOf } from "../../../vllm/capacity/swarmSessions.ts";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";

/** The swarm of the founding documents: 8 Workers, 8 Scouts, a Commander; shown where no --workers is given. */
const USUAL_WORKERS = 8;

/** Which of one server, data parallel and several servers holds the swarm, in words. */
function adviceLines(io: Io, plan: Plan, { context, kvDtype }: Pick<PlanInput, "context" | "kvDtype">): string[] {
  const { advice, most_sessions: most } = plan;
  if (!advice || most === null) return [];
  const room = advice.sessions_per_server;
  if (plan.pool_gib === 0) return [say(io.lang, "plan.advice.noRoom")];
  if (advice.recommended === "bigger-server")
    return [say(io.lang, `plan.advice.bigger.${kvDtype}`, { tokens: context.toLocaleString("en-US") })];
  if (advice.one_server_with_librarians) return [say(io.lang, "plan.advice.one", { most })];
  if (advice.one_server) return [say(io.lang, "plan.advice.tight", { room, most })];
  const even = advice.data_parallel_size ?? 1;
  const servers = advice.routed_servers ?? even;
  return [
    say(io.lang, `plan.advice.routed.${kvDtype}`, { servers, room, percent: CONFIDENCE * 100 }),
    say(io.lang, "plan.advice.dataParallel", { even }),
  ];
}

/** What the swarm needs and which servers hold it, for both kinds of KV where no --workers is given. */
export function swarmLines(io: Io, input: PlanInput): string[] {
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
    lines.push(...adviceLines(io, plan, { ...input, kvDtype }));
  }
  return lines;
}
