import { handoverOf } from "../../handover.ts";
import type { SwarmEvent } from "../events.ts";
import type { Tokens } from "../model.ts";
import type { Swarm, Worker } from "../state.ts";
import { isLive } from "../state.ts";
import type { Decision } from "./decision.ts";
import { accept } from "./decision.ts";
import { unmetDependency } from "./dispatch.ts";

/** Fresh sessions after corrections that did not help, in one attempt of the Commander's. */
const RENEWALS = 1;

/** The last rungs for a Worker that was corrected in vain: a fresh session with a summary, then the Commander's turn. */
export function renewOrFail(state: Swarm, worker: Worker, at: number, why: string, words: string): Decision {
  if (worker.renewals >= RENEWALS) {
    const again = worker.renewals > 0 ? ", in a fresh session too" : "";
    return fail(
      state,
      worker,
      at,
      `${why}${again}. Next step: retry_worker with other instructions, or do it yourself`,
    );
  }
  const id = worker.assignment.id;
  // Queued again it would wait for what it builds on: where that ended meanwhile, it would wait for ever.
  const blocked = unmetDependency(worker.assignment, state);
  if (blocked) return fail(state, worker, at, `${why}; no fresh session, because ${blocked.happened} ${blocked.next}`);
  const handover = handoverOf(worker, why, words);
  return accept({ type: "worker_renewed", at, worker: id, attempt: worker.attempt + 1, why, handover });
}

/** A Worker's failure ends those that still wait for it, so that nothing is queued for ever. */
export function fail(state: Swarm, worker: Worker, at: number, reason: string, tokens?: Tokens): Decision {
  const id = worker.assignment.id;
  const failed: SwarmEvent = { type: "worker_failed", at, worker: id, reason, ...(tokens ? { tokens } : {}) };
  return accept(failed, ...skippedWith(state, worker, at));
}

/** What the end of one Worker ends with it: queued Workers that wait for it. */
export function skippedWith(state: Swarm, ended: Worker, at: number): SwarmEvent[] {
  return skippedAfter(state, [ended], at);
}

/** Queued Workers that wait for one that ended without completing. Ends are logged together with what they skip; a crash
 * between the two lines leaves such Workers behind. */
export function stranded(state: Swarm, at: number): SwarmEvent[] {
  const ended = state.workers.filter((worker) => !isLive(worker) && worker.status !== "completed");
  return skippedAfter(state, ended, at);
}

function skippedAfter(state: Swarm, ended: readonly Worker[], at: number): SwarmEvent[] {
  const gone = new Set(ended.flatMap(({ assignment }) => [assignment.id, assignment.name]));
  const skipped: SwarmEvent[] = [];
  for (let found = true; found; ) {
    found = false;
    for (const { assignment, status } of state.workers) {
      const cause = assignment.dependsOn.find((name) => gone.has(name));
      if (status !== "queued" || cause === undefined || gone.has(assignment.id)) continue;
      skipped.push({
        type: "worker_failed",
        at,
        worker: assignment.id,
        reason: `not started: it depends on ${cause}, which did not complete`,
      });
      gone.add(assignment.id).add(assignment.name);
      found = true;
    }
  }
  return skipped;
}
