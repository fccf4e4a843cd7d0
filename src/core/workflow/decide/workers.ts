import { handoverOf } from "../../handover.ts";
import type { CommandOf } from "../commands.ts";
import type { SwarmEvent } from "../events.ts";
import { needSwarm, needUnpaused } from "../gates.ts";
import type { Tokens } from "../model.ts";
import { refusal } from "../refusal.ts";
import type { Swarm, SwarmState, Worker } from "../state.ts";
import { findWorker, isLive, isOver, isRunning, qaStrategyOf } from "../state.ts";
import type { Decision } from "./decision.ts";
import { accept, refuse } from "./decision.ts";
import { scopeClash, unmetDependency } from "./dispatch.ts";

/** How often a Worker that stopped without a report is asked for one. */
const NUDGES = 1;
const LAST_WORDS = 400;

type WorkerCommand = CommandOf<
  | "worker_started"
  | "worker_resumed"
  | "worker_advanced"
  | "worker_wrote"
  | "worker_qa_ran"
  | "worker_strayed"
  | "worker_idle"
  | "worker_failed"
>;

/** What reactors and hooks saw of a Worker. Facts about Workers that ended already change nothing. */
export function workerFact(command: WorkerCommand, state: SwarmState): Decision {
  const worker = state && findWorker(state, command.worker);
  if (!state || !worker || isOver(state)) return accept();
  const { at } = command;
  const id = worker.assignment.id;
  if ("session" in command && command.type !== "worker_started" && command.session !== undefined) {
    if (!("session" in worker) || worker.session !== command.session) return accept();
  }
  switch (command.type) {
    case "worker_started":
      if (worker.status !== "queued") return accept();
      return accept({ type: "worker_started", at, worker: id, session: command.session, attempt: worker.attempt });
    case "worker_resumed": {
      const { takeUp } = command;
      if (!isRunning(worker)) return accept();
      if (takeUp === undefined) return accept({ type: "worker_resumed", at, worker: id, after: "restart" });
      const waits = worker.trouble?.kind === "waiting" && worker.trouble.takeUp === takeUp;
      return waits ? accept({ type: "worker_resumed", at, worker: id, after: "failure" }) : accept();
    }
    case "worker_advanced":
      if (!isRunning(worker) || worker.status === command.stage || command.stage === "exploring") return accept();
      return accept({ type: "worker_advanced", at, worker: id, stage: command.stage });
    case "worker_wrote": {
      const fresh = command.paths.filter((path) => !worker.wrote.includes(path));
      const wrote: SwarmEvent[] = fresh.length > 0 ? [{ type: "worker_wrote", at, worker: id, paths: fresh }] : [];
      // What is written during its own checks ends them: they say nothing about the files as they are now.
      if (isRunning(worker) && worker.status !== "implementing") {
        wrote.push({ type: "worker_advanced", at, worker: id, stage: "implementing" });
      }
      return accept(...wrote);
    }
    case "worker_qa_ran": {
      const { command: line, exit, fingerprint } = command;
      const known = runOf(worker, line);
      if (!isRunning(worker) || known === (exit === 0 ? fingerprint : "")) return accept();
      return accept({ type: "worker_qa_ran", at, worker: id, command: line, exit, fingerprint });
    }
    case "worker_strayed":
      return accept({ type: "worker_strayed", at, worker: id, paths: [...command.paths], how: command.how });
    case "worker_idle":
      if (!isRunning(worker)) return accept();
      // A turn that ended while it waits to be taken up is the one that failed.
      if (worker.trouble?.kind === "waiting") return accept();
      if (worker.nudges < NUDGES) {
        const why = "its turn ended without report_result";
        const runaway = worker.untold === undefined ? {} : { runaway: worker.untold };
        return accept({ type: "worker_nudged", at, worker: id, why, ...runaway });
      }
      if (worker.untold !== undefined) {
        return renewOrFail(state, worker, at, `its answers had no end (${worker.untold})`, command.lastWords);
      }
      return fail(state, worker, at, lastWords(command.lastWords), command.tokens);
    case "worker_failed":
      return isLive(worker) ? fail(state, worker, at, command.reason, command.tokens) : accept();
  }
}

function lastWords(text: string): string {
  const words = text.trim().slice(-LAST_WORDS);
  return `ended twice without report_result; last words: ${words === "" ? "(none)" : words}`;
}

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

function skippedWith(state: Swarm, ended: Worker, at: number): SwarmEvent[] {
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

export function reportResult(command: CommandOf<"report_result">, state: SwarmState): Decision {
  const worker = state && findWorker(state, command.worker);
  if (!state || !worker || !isRunning(worker)) {
    return refuse(
      refusal("worker-ended", "this Worker has already ended.", "stop here; the Commander has your report."),
    );
  }
  const { status, summary, qa, notes, tokens, at } = command;
  const id = worker.assignment.id;
  const proven = qa.filter(
    (row) => row.passed && runOf(worker, row.command) === command.fingerprint && command.fingerprint !== "",
  );
  const qaVerified = proven.length > 0 && proven.length === qa.filter((row) => row.passed).length;
  // Where only the Commander runs QA, a part without checks of its own is complete; its report says that none were seen.
  const ownQa = command.shellOffered && qaStrategyOf(state) !== "commander-all";
  if (status === "completed" && ownQa && !qaVerified) {
    return refuse(unproven(worker, qa, command.fingerprint));
  }
  const failing = qa.filter((row) => !row.passed).map((row) => row.command);
  if (status === "completed" && failing.length > 0) {
    return refuse(
      refusal(
        "qa-failed",
        `you report completed, but ${failing.join(", ")} did not pass.`,
        "mend it and run it again, or report failed.",
      ),
    );
  }
  const reported: SwarmEvent = {
    type: "worker_reported",
    at,
    worker: id,
    status,
    summary,
    qa: [...qa],
    qaVerified,
    ...(notes === undefined ? {} : { notes }),
    ...(tokens ? { tokens } : {}),
  };
  return accept(reported, ...(status === "completed" ? [] : skippedWith(state, worker, at)));
}

/** Fingerprint of the last run of `command` that exited 0, "" where the last run failed, undefined where none ran. */
function runOf(worker: Worker, command: string): string | undefined {
  const line = command.trim();
  return Object.hasOwn(worker.qaRuns, line) ? worker.qaRuns[line] : undefined;
}

function unproven(worker: Worker, qa: readonly { command: string; passed: boolean }[], fingerprint: string) {
  const claimed = qa.find((row) => row.passed && (fingerprint === "" || runOf(worker, row.command) !== fingerprint));
  const ran = claimed && runOf(worker, claimed.command);
  if (!claimed) {
    return refusal(
      "qa-not-run",
      "a completed Worker has run its own QA, and the report names none.",
      "run your checks with bash, then report them as qa: [{command, passed}] with exactly the command you ran.",
    );
  }
  if (ran === undefined) {
    return refusal(
      "qa-not-run",
      `\`${claimed.command}\` did not run in this session.`,
      "run exactly this command with bash, then report again.",
    );
  }
  return ran === ""
    ? refusal(
        "qa-failed",
        `\`${claimed.command}\` exited with an error when it last ran.`,
        "mend it, run it again, then report.",
      )
    : refusal(
        "qa-outdated",
        `files in your scope changed since \`${claimed.command}\` ran.`,
        "run it again, then report.",
      );
}

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
