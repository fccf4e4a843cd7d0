import type { SwarmEvent } from "./events.ts";
import type { Worker } from "./state.ts";
import { isLive, isRunning } from "./state.ts";

/** What counts within one session. */
const NEW_SESSION = { nudges: 0, takeUps: 0, stalls: 0, runaways: 0 };
/** A Worker as it is dispatched. */
export const NEW_WORKER = { ...NEW_SESSION, attempt: 1, retries: 0, renewals: 0, wrote: [], strayed: [], qaRuns: {} };

export type WorkerEvent = Extract<SwarmEvent, { worker: string }>;

/** One Worker after an event that is about it. Total: an event that does not fit leaves it as it is. */
export function workerAfter(worker: Worker, event: WorkerEvent): Worker {
  const base = baseOf(worker);
  const span = spanOf(worker, event.at);
  const tokens = "tokens" in event && event.tokens ? { tokens: event.tokens } : {};
  switch (event.type) {
    case "worker_started":
      return { ...base, attempt: event.attempt, status: "exploring", session: event.session, startedAt: event.at };
    case "worker_advanced":
      return isLive(worker) && span
        ? { ...base, status: event.stage, session: span.session, startedAt: span.startedAt }
        : worker;
    case "worker_wrote":
      return untroubled({ ...worker, wrote: union(worker.wrote, event.paths) });
    case "worker_strayed":
      return { ...worker, strayed: union(worker.strayed, event.paths) };
    case "worker_qa_ran":
      return { ...worker, qaRuns: { ...worker.qaRuns, [event.command]: event.exit === 0 ? event.fingerprint : "" } };
    case "worker_nudged":
      return told({ ...worker, nudges: worker.nudges + 1 });
    case "worker_interrupted": {
      const { failure, takeUp, waitMs } = event;
      const counted = failure === "stalled" ? { stalls: worker.stalls + 1 } : { takeUps: worker.takeUps + 1 };
      return { ...worker, ...counted, trouble: { kind: "waiting", since: event.at, failure, takeUp, waitMs } };
    }
    case "worker_stalled":
      return isRunning(worker) ? { ...worker, trouble: { kind: "stalled", since: event.at } } : worker;
    case "worker_moving":
    case "worker_resumed":
      return untroubled(worker);
    case "worker_ran_away":
      return { ...worker, runaways: worker.runaways + 1, untold: event.kind };
    case "worker_told":
      return told(worker);
    case "worker_renewed":
      return told({
        ...base,
        ...NEW_SESSION,
        status: "queued",
        attempt: event.attempt,
        renewals: worker.renewals + 1,
        qaRuns: {},
        handover: event.handover,
      });
    case "worker_reported": {
      const { status, summary, qa, qaVerified, notes } = event;
      const report = { status, summary, qa, qaVerified, ...(notes === undefined ? {} : { notes }) };
      if (status === "failed" || !span) {
        return { ...base, status: "failed", reason: summary, report, ...span, ...tokens };
      }
      return { ...base, status, report, ...span, ...tokens };
    }
    case "worker_failed":
      return { ...base, status: "failed", reason: event.reason, ...span, ...tokens };
    case "worker_cancelled": {
      const { reason, reverted, discarded } = event;
      return { ...base, status: "cancelled", reason, reverted, ...span, ...(discarded ? { discarded } : {}) };
    }
    case "worker_retried":
      return {
        ...base,
        status: "queued",
        attempt: event.attempt,
        retries: worker.retries + 1,
        ...NEW_SESSION,
        renewals: 0,
        // Its own QA is what ran in its own session; the next attempt has another.
        qaRuns: {},
        instructions: event.instructions,
      };
    case "worktree_opened": {
      const { dir, branch, start, carries } = event;
      const saved = worker.worktree?.saved;
      return { ...worker, worktree: { dir, branch, start, carries, ...(saved === undefined ? {} : { saved }) } };
    }
    case "worker_saved":
      return worker.worktree ? { ...worker, worktree: { ...worker.worktree, saved: event.commit } } : worker;
    case "worktree_closed": {
      const { kept, why } = event;
      const closed = { ...(kept === undefined ? {} : { kept }), ...(why === undefined ? {} : { why }) };
      return worker.worktree ? { ...worker, worktree: { ...worker.worktree, closed } } : worker;
    }
    case "worker_read":
      return worker;
  }
}

function untroubled(worker: Worker): Worker {
  const { trouble: _over, ...rest } = worker;
  return rest;
}

function told(worker: Worker): Worker {
  const { untold: _told, ...rest } = worker;
  return rest;
}

function spanOf(worker: Worker, endedAt: number): { session: string; startedAt: number; endedAt: number } | undefined {
  if (!("session" in worker) || worker.session === undefined || worker.startedAt === undefined) return undefined;
  return { session: worker.session, startedAt: worker.startedAt, endedAt };
}

function baseOf(worker: Worker) {
  const { assignment, attempt, retries, nudges, wrote, strayed, qaRuns, instructions, handover, untold } = worker;
  const { takeUps, stalls, runaways, renewals, worktree } = worker;
  return {
    ...{ assignment, attempt, retries, nudges, takeUps, stalls, runaways, renewals, wrote, strayed, qaRuns },
    ...(worktree ? { worktree } : {}),
    ...(instructions === undefined ? {} : { instructions }),
    ...(handover === undefined ? {} : { handover }),
    ...(untold === undefined ? {} : { untold }),
  };
}

/** Both lists, each item once; the very list that was known where nothing is new. */
export function union(known: readonly string[], added: readonly string[]): readonly string[] {
  const fresh = added.filter((item) => !known.includes(item));
  return fresh.length === 0 ? known : [...known, ...new Set(fresh)];
}
