import { planOf, startable as readyNodes } from "../dag/schedule.ts";
import type { SwarmEvent } from "./events.ts";
import { missingStep } from "./missingStep.ts";
import type { Swarm, Worker } from "./state.ts";
import { findWorker, isLive, isOver, isRunning } from "./state.ts";

/** What the world should do now. Carried out by reactors; the outcomes come back as commands. */
export type Effect =
  | { type: "start_worker"; worker: string }
  /** `runaway`: what its last answer repeated without end, where that is why. */
  | { type: "nudge_worker"; worker: string; session: string; runaway?: string }
  | { type: "resume_worker"; worker: string; session: string; after: "restart" | "failure" }
  /** Wait, then say that the interruption `takeUp` is over. */
  | { type: "take_up_worker"; worker: string; session: string; takeUp: number; waitMs: number }
  /** `worker`: whose commands end with it. */
  | { type: "abort_session"; session: string; worker?: string }
  | { type: "save_worker"; worker: string }
  | { type: "close_worktrees" }
  | { type: "wake_commander"; session: string; about: "worker-ended" | "all-ended"; worker: string }
  /** `why`: what the model spoilt, where that is the reason. */
  | { type: "continue_commander"; session: string; missing: string; why?: string }
  /** Wait, then say that the wait before take-up number `takeUp` is over. */
  | { type: "take_up_commander"; session: string; takeUp: number; waitMs: number }
  | {
      type: "notify";
      level: "info" | "warning";
      what: "continuation-exhausted" | "commander-waits" | "committed" | "aborted" | "overridden";
    };

/** Effects of one event, seen from the states before and after it. */
export function react(event: SwarmEvent, before: Swarm | undefined, after: Swarm): Effect[] {
  switch (event.type) {
    case "workers_dispatched":
      return startable(after).map(start);
    case "worker_renewed":
    case "worker_retried": {
      const old = before && findWorker(before, event.worker);
      const stop: Effect[] = old && isRunning(old) ? [abort(event.worker, old.session)] : [];
      return [...stop, ...startable(after).map(start)];
    }
    case "worker_nudged": {
      const worker = findWorker(after, event.worker);
      return worker && isRunning(worker)
        ? [
            {
              type: "nudge_worker",
              worker: event.worker,
              session: worker.session,
              ...(event.runaway === undefined ? {} : { runaway: event.runaway }),
            },
          ]
        : [];
    }
    case "worker_resumed": {
      const worker = findWorker(after, event.worker);
      return worker && isRunning(worker)
        ? [{ type: "resume_worker", worker: event.worker, session: worker.session, after: event.after ?? "restart" }]
        : [];
    }
    case "worker_interrupted": {
      const worker = findWorker(after, event.worker);
      const { takeUp, waitMs } = event;
      return worker && isRunning(worker)
        ? [{ type: "take_up_worker", worker: event.worker, session: worker.session, takeUp, waitMs }]
        : [];
    }
    case "worker_reported":
      return [...startable(after).map(start), ...wake(event.worker, after)];
    case "worker_failed":
    case "worker_cancelled": {
      const old = before && findWorker(before, event.worker);
      const stop: Effect[] = old && isRunning(old) ? [abort(event.worker, old.session)] : [];
      const save: Effect[] = old?.worktree ? [{ type: "save_worker", worker: event.worker }] : [];
      const ended = [...stop, ...save];
      return after.paused || isOver(after) ? ended : [...ended, ...wake(event.worker, after)];
    }
    case "continued":
      return [
        {
          type: "continue_commander",
          session: after.session,
          missing: event.missing,
          ...(event.why === undefined ? {} : { why: event.why }),
        },
      ];
    case "commander_interrupted":
      return [
        { type: "take_up_commander", session: after.session, takeUp: event.takeUp, waitMs: event.waitMs },
        { type: "notify", level: "warning", what: "commander-waits" },
      ];
    case "continuation_exhausted":
      return [{ type: "notify", level: "warning", what: "continuation-exhausted" }];
    case "committed":
      return [{ type: "notify", level: "info", what: "committed" }, ...closing(after)];
    case "report_asked": {
      const why = `The process ended before your last turn did. Committed as ${after.commit?.commit ?? "HEAD"}.`;
      return [{ type: "continue_commander", session: after.session, missing: missingStep(after), why }];
    }
    case "gate_overridden":
      return [{ type: "notify", level: "warning", what: "overridden" }];
    case "swarm_aborted":
      return [
        { type: "abort_session", session: after.session },
        { type: "notify", level: "warning", what: "aborted" },
        ...closing(after),
      ];
    default:
      return [];
  }
}

/** Effects still owed by a state that was folded from a log: what a new process takes up. */
export function owed(state: Swarm): Effect[] {
  return isOver(state) ? closing(state) : startable(state).map(start);
}

/** Queued Workers whose dependencies completed, the one with the longest chain behind it first. */
export function startable(state: Swarm): Worker[] {
  const names = new Map(
    state.workers.flatMap(({ assignment: { id, name } }) => [[id, id] as const, [name, id] as const]),
  );
  const nodes = state.workers.map(({ assignment: { id, dependsOn } }) => ({
    id,
    dependsOn: dependsOn.map((name) => names.get(name) ?? name),
    weight: 1,
  }));
  const withStatus = (...statuses: Worker["status"][]) =>
    new Set(state.workers.filter(({ status }) => statuses.includes(status)).map(({ assignment }) => assignment.id));
  const queued = withStatus("queued");
  const done = withStatus("completed");
  const ended = new Set(nodes.map(({ id }) => id).filter((id) => !queued.has(id) && !done.has(id)));
  // Scopes never clash here: a dispatch whose scopes overlap with a live Worker's is refused.
  const plan = planOf(nodes, () => false);
  return readyNodes(plan, { done, running: new Set(), ended }, Number.POSITIVE_INFINITY).flatMap(
    (id) => state.workers.find(({ assignment }) => assignment.id === id) ?? [],
  );
}

/** After the end of a swarm its Workers' trees are put away. */
function closing(state: Swarm): Effect[] {
  const open = state.workers.some(({ worktree }) => worktree && !worktree.closed);
  return open ? [{ type: "close_worktrees" }] : [];
}

function abort(worker: string, session: string): Effect {
  return { type: "abort_session", session, worker };
}

function start(worker: Worker): Effect {
  return { type: "start_worker", worker: worker.assignment.id };
}

function wake(worker: string, after: Swarm): Effect[] {
  const about = after.workers.some(isLive) ? "worker-ended" : "all-ended";
  return [{ type: "wake_commander", session: after.session, about, worker }];
}
