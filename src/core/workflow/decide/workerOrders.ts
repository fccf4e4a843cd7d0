import type { CommandOf } from "../commands.ts";
import type { SwarmEvent } from "../events.ts";
import { needSwarm, needUnpaused } from "../gates.ts";
import { refusal } from "../refusal.ts";
import type { SwarmState } from "../state.ts";
import { findWorker, isLive } from "../state.ts";
import type { Decision } from "./decision.ts";
import { accept, refuse } from "./decision.ts";
import { scopeClash, unmetDependency } from "./dispatch.ts";
import { skippedWith } from "./workerEnds.ts";

export function retryWorker(command: CommandOf<"retry_worker">, state: SwarmState): Decision {
  const found = target(command.worker, state);
  if ("refusal" in found) return refuse(found.refusal);
  const { swarm, worker } = found;
  const { maxRetries } = swarm.settings;
  const id = worker.assignment.id;
  if (worker.retries >= maxRetries) {
    return refuse(
      refusal(
        "retries-used-up",
        `${id} was retried ${worker.retries} times (swarm.maxRetries is ${maxRetries}).`,
        "mend it yourself in integrate, or ask the person how to go on.",
      ),
    );
  }
  if (swarm.workers.filter(isLive).length >= swarm.settings.maxWorkers && !isLive(worker)) {
    return refuse(refusal("too-many-workers", "all places are taken by live Workers.", "call await_workers first."));
  }
  // Since it ended, its scope may have been given to another, and what it builds on may have failed.
  const others = swarm.workers.filter((other) => other !== worker && isLive(other)).map((other) => other.assignment);
  const blocked =
    needUnpaused(swarm) ?? unmetDependency(worker.assignment, swarm) ?? scopeClash(worker.assignment, others);
  if (blocked) return refuse(blocked);
  const { instructions, at } = command;
  return accept({ type: "worker_retried", at, worker: id, instructions, attempt: worker.attempt + 1 });
}

export function cancelWorker(command: CommandOf<"cancel_worker">, state: SwarmState): Decision {
  const found = target(command.worker, state);
  if ("refusal" in found) return refuse(found.refusal);
  const { worker, swarm } = found;
  const { reason, reverted, at } = command;
  if (worker.status === "cancelled") {
    return refuse(
      refusal("worker-cancelled", `${worker.assignment.id} is cancelled already.`, "go on with the others."),
    );
  }
  const cancelled: SwarmEvent = {
    type: "worker_cancelled",
    at,
    worker: worker.assignment.id,
    reason,
    reverted: [...reverted],
    ...(command.discarded ? { discarded: true } : {}),
  };
  return accept(cancelled, ...skippedWith(swarm, worker, at));
}

export function readWorker(command: CommandOf<"read_worker">, state: SwarmState): Decision {
  const found = target(command.worker, state);
  if ("refusal" in found) return refuse(found.refusal);
  const { worker, swarm } = found;
  const id = worker.assignment.id;
  if (isLive(worker) || swarm.read.includes(id)) return accept();
  return accept({ type: "worker_read", at: command.at, worker: id });
}

function target(id: string, state: SwarmState) {
  const missing = needSwarm(state);
  if (missing || !state) return { refusal: missing };
  const worker = findWorker(state, id);
  if (worker) return { swarm: state, worker };
  const known = state.workers.map((each) => each.assignment.id).join(", ");
  return {
    refusal: refusal(
      "worker-unknown",
      `there is no Worker "${id}".`,
      known === "" ? "call dispatch_workers first." : `use one of ${known}.`,
    ),
  };
}
