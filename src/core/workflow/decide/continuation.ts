import { runawayNote } from "../../runawayNote.ts";
import type { CommandOf } from "../commands.ts";
import type { SwarmEvent } from "../events.ts";
import { needSwarm } from "../gates.ts";
import type { CommanderTrouble, Swarm, SwarmState } from "../state.ts";
import { designSettled, isLive, isOver, unmergedWork, unreadWorkers } from "../state.ts";
import type { Decision } from "./decision.ts";
import { accept, refuse } from "./decision.ts";
import { stranded } from "./workers.ts";

/**
 * The Commander's turn ended. With work open it is sent on, at most `maxContinuations` times without progress; never
 * while a person's answer is awaited, after their abort, or while Workers run (their end wakes it).
 */
export function commanderIdle(command: CommandOf<"commander_idle">, state: SwarmState): Decision {
  if (!state || isOver(state) || state.paused || state.exhausted) return accept();
  // Before a person's answer is waited for: whoever was cut off, or not answered, may have asked nothing yet.
  const owed = owedToCommander(state, command.at);
  if (owed) return accept(owed);
  if (waitsForPerson(state) || isTalk(state)) return accept();
  const { at } = command;
  const skipped = stranded(state, at);
  if (skipped.length > 0) return accept(...skipped);
  if (state.workers.some(isLive)) return accept();
  if (state.continuations >= state.settings.maxContinuations) return accept({ type: "continuation_exhausted", at });
  return accept({ type: "continued", at, missing: missingStep(state) });
}

/** A person and the Commander talk about the design: whoever is silent there waits for the other. */
export function isTalk(state: Swarm): boolean {
  return !designSettled(state) && state.design.status !== "agreed" && !state.autopilot;
}

/** Sends a Commander on whose model request failed. */
export function takenUp(state: Swarm, at: number): SwarmEvent {
  const why = "The model server did not answer, and your last answer may be cut off. Nothing on disk is lost.";
  return { type: "continued", at, why, missing: stepAgain(state) };
}

/** In a talk it is the person's words that were not answered. */
function stepAgain(state: Swarm): string {
  return isTalk(state) ? `Go on from the person's last message. ${missingStep(state)}` : missingStep(state);
}

/** What a Commander whose turn is over is owed before anything else: the word that its answer was cut, or never came. */
function owedToCommander(state: Swarm, at: number): SwarmEvent | undefined {
  const { untold, waiting }: Partial<CommanderTrouble> = state.commanderTrouble ?? {};
  if (waiting) return takenUp(state, at);
  if (untold === undefined) return undefined;
  const why = `${runawayNote(untold)} Answer again in a few words, or take one small step with one tool call.`;
  return { type: "continued", at, why, missing: stepAgain(state) };
}

/** Under autopilot a proposal is no question: the person approved the designs of this task beforehand. A no counts all the same. */
function waitsForPerson({ question, autopilot, design }: Swarm): boolean {
  return design.status === "rejected" || (question !== undefined && !(autopilot && question.kind === "design"));
}

/** What the present phase still lacks, as an instruction. */
export function missingStep(state: Swarm): string {
  switch (state.phase) {
    case "design":
      return designStep(state);
    case "foundation":
      return "Write the shared foundation, then call complete_foundation.";
    case "dispatch":
      return "The foundation stands: call dispatch_workers.";
    case "monitoring":
      return state.workers.some(isLive)
        ? "Workers are running: call await_workers."
        : "Every Worker has ended: call check_conflicts.";
    case "integrate":
      return integrateStep(state);
    case "final-qa":
      return "QA passed: call commit_changes with a message, then give the final report.";
    case "done":
      return "Done: give the person the final report.";
    case "aborted":
      return "The swarm was aborted: stop.";
  }
}

function designStep(state: Swarm): string {
  const { design } = state;
  if (design.status === "agreed")
    return `The person said yes to revision ${design.proposal.revision}: call approve_design.`;
  if (design.status !== "open") return "No design is agreed: call propose_design and show the choices.";
  return state.autopilot
    ? `The person typed /autopilot: call approve_design with revision ${design.proposal.revision}.`
    : `Revision ${design.proposal.revision} waits for the person: show the choices and end your turn.`;
}

function integrateStep(state: Swarm): string {
  const unmerged = unmergedWork(state).map(({ worker }) => worker);
  if (unmerged.length > 0)
    return `Work does not merge: call retry_worker for ${unmerged.join(", ")} to resolve it, then check_conflicts.`;
  const unread = unreadWorkers(state);
  if (unread.length > 0) return `Read the diffs: call read_worker for ${unread.join(", ")}.`;
  const failed = state.workers.filter((worker) => worker.status === "failed").map((worker) => worker.assignment.id);
  const retry = failed.length > 0 ? ` ${failed.join(", ")} failed: retry_worker or finish that part yourself.` : "";
  return `Finish the integration, then call run_qa and mend what fails.${retry}`;
}

/** It is not sent on, and the person is told; Workers that run go on, and their ends wake it. */
export function commanderStuck(command: CommandOf<"commander_stuck">, state: SwarmState): Decision {
  if (!state || isOver(state) || state.paused || state.exhausted) return accept();
  return accept({ type: "continuation_exhausted", at: command.at });
}

/** The person stopped the Commander: its Workers stop with it. */
export function personAborted(command: CommandOf<"person_aborted">, state: SwarmState): Decision {
  if (!state || isOver(state) || state.session !== command.session || state.paused) return accept();
  const { at } = command;
  const cancelled = state.workers.filter(isLive).map((worker): SwarmEvent => {
    const reason = "the person stopped the Commander";
    return { type: "worker_cancelled", at, worker: worker.assignment.id, reason, reverted: [] };
  });
  return accept({ type: "person_aborted", at, session: command.session }, ...cancelled);
}

/** Whether the old session is really gone is looked up by whoever asks: it is the host's to know. */
export function adoptSwarm(command: CommandOf<"adopt_swarm">, state: SwarmState): Decision {
  if (!state || isOver(state)) return refuse(needSwarm(state));
  const { session, at } = command;
  return session === state.session ? accept() : accept({ type: "commander_replaced", at, session, was: state.session });
}

/** Takes the person's stop, or the end of unprompted continuations, back. */
export function resumeSwarm(command: CommandOf<"resume_swarm">, state: SwarmState): Decision {
  if (!state || isOver(state)) return refuse(needSwarm(state));
  return accept({ type: "swarm_resumed", at: command.at });
}
