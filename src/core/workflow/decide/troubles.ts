import { backoff } from "../../gate/retryPlan.ts";
import type { CommandOf } from "../commands.ts";
import type { RunningWorker, Swarm, SwarmState } from "../state.ts";
import { findWorker, isOver, isRunning } from "../state.ts";
import type { Decision } from "./decision.ts";
import { accept } from "./decision.ts";
import { LONGEST_WAIT_MS, TAKE_UPS } from "./takeUps.ts";
import { fail, renewOrFail } from "./workerEnds.ts";

type TroubleCommand = CommandOf<
  "worker_request_failed" | "worker_stalled" | "worker_moving" | "worker_ran_away" | "worker_told" | "worker_stuck"
>;

/** Stalls in one session after which it is taken up there once more. */
const STALLS = 1;
/** Cut answers in one session: a model that runs away so often will do it again. */
const RUNAWAYS = 3;

/** What goes wrong between a running Worker and the model. About one that ended, or another session, it says nothing. */
export function workerTrouble(command: TroubleCommand, state: SwarmState): Decision {
  const worker = state && findWorker(state, command.worker);
  if (!state || !worker || isOver(state) || !isRunning(worker)) return accept();
  if (command.session !== undefined && worker.session !== command.session) return accept();
  const { at } = command;
  const id = worker.assignment.id;
  switch (command.type) {
    case "worker_request_failed":
      return worker.trouble?.kind === "waiting" ? accept() : requestFailed(command, state, worker);
    case "worker_stalled":
      if (worker.trouble) return accept();
      return accept({ type: "worker_stalled", at, worker: id, waitedMs: command.waitedMs });
    case "worker_moving":
      return worker.trouble?.kind === "stalled" ? accept({ type: "worker_moving", at, worker: id }) : accept();
    case "worker_ran_away": {
      const { kind, lastWords } = command;
      const event = { type: "worker_ran_away", at, worker: id, kind } as const;
      if (worker.runaways + 1 < RUNAWAYS) return accept(event);
      const next = renewOrFail(state, worker, at, `its answers had no end (${kind})`, lastWords);
      return next.ok ? accept(event, ...next.events) : next;
    }
    case "worker_told":
      return worker.untold === undefined ? accept() : accept({ type: "worker_told", at, worker: id });
    case "worker_stuck":
      return renewOrFail(state, worker, at, command.problem, command.lastWords);
  }
}

function requestFailed(command: CommandOf<"worker_request_failed">, state: Swarm, worker: RunningWorker): Decision {
  const { at, failure, retryable, detail, jitter, lastWords, tokens } = command;
  const id = worker.assignment.id;
  const interrupted = (count: number) => {
    const wait = { firstMs: (state.settings.takeUps ?? TAKE_UPS).firstMs, longestMs: LONGEST_WAIT_MS };
    const waitMs = backoff(count, wait, jitter);
    const takeUp = worker.takeUps + worker.stalls + 1;
    return accept({ type: "worker_interrupted", at, worker: id, failure, detail, takeUp, waitMs });
  };
  if (failure === "stalled") {
    if (worker.renewals === 0 && worker.stalls < STALLS) return interrupted(1);
    return renewOrFail(state, worker, at, `its model requests stalled: ${detail}`, lastWords);
  }
  if (!retryable)
    return fail(state, worker, at, `its model call failed (${failure}): ${detail}. ${next(failure)}`, tokens);
  const { times } = state.settings.takeUps ?? TAKE_UPS;
  if (worker.takeUps < times) return interrupted(worker.takeUps + 1);
  const often = worker.takeUps + 1;
  const reason = `its model requests failed ${often} ${often === 1 ? "time" : "times"}, the last one (${failure}): ${detail}`;
  return fail(state, worker, at, `${reason}. ${next(failure)}`, tokens);
}

/** What a person or the Commander does about a failure that no further try mends. */
function next(failure: string): string {
  switch (failure) {
    case "auth":
      return "Next step: the person mends the provider's key, then retry_worker.";
    case "quota":
      return "Next step: the person frees the provider's quota or chooses another model, then retry_worker.";
    case "unknown":
      return "Next step: read .aegis/gate.jsonl for what was refused, then retry_worker with a smaller part.";
    default:
      return "Next step: look at the model server with `oh-my-qwencoder doctor`, then retry_worker.";
  }
}
