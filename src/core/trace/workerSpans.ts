import type { SwarmEvent } from "../workflow/events.ts";
import type { Swarm } from "../workflow/state.ts";
import type { TraceSpan } from "./traceSpan.ts";

/** A span for every session a Worker had; one that goes on has an end of 0. @param inPhase the key of the phase at a time */
export function workerSpans(
  swarm: Swarm,
  events: readonly SwarmEvent[],
  inPhase: (at: number) => string,
): { session: string; span: TraceSpan }[] {
  const all: { session: string; span: TraceSpan }[] = [];
  const last = new Map<string, TraceSpan>();
  const ends = (worker: string, at: number, status: string, failed: boolean) => {
    const span = last.get(worker);
    if (!span || span.end > 0) return;
    span.end = at;
    span.attributes["aegis.worker.status"] = status;
    if (failed) span.error = status;
  };
  for (const event of events) {
    if (event.type === "worker_started") {
      const { worker, session, attempt, at } = event;
      ends(worker, at, "renewed", true);
      const assignment = swarm.workers.find(({ assignment: { id } }) => id === worker)?.assignment;
      const span: TraceSpan = {
        ...{ key: `worker ${session}`, parent: inPhase(at), kind: "internal", start: at, end: 0 },
        name: `invoke_agent ${worker}`,
        attributes: {
          ...{ "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": assignment?.name ?? worker },
          ...{ "gen_ai.agent.id": worker, "gen_ai.conversation.id": session },
          ...{ "aegis.swarm.id": swarm.id, "aegis.worker.attempt": attempt },
        },
      };
      last.set(worker, span);
      all.push({ session, span });
    }
    if (event.type === "worker_reported") ends(event.worker, event.at, event.status, event.status !== "completed");
    if (event.type === "worker_failed") ends(event.worker, event.at, "failed", true);
    if (event.type === "worker_cancelled") ends(event.worker, event.at, "cancelled", true);
    if (event.type === "swarm_aborted") for (const worker of last.keys()) ends(worker, event.at, "aborted", true);
  }
  return all;
}
