import { runawayNote } from "../../runawayNote.ts";
import type { CommandOf } from "../commands.ts";
import type { SwarmEvent } from "../events.ts";
import { needSwarm } from "../gates.ts";
import { missingStep } from "../missingStep.ts";
import type { CommanderTrouble, Swarm, SwarmState } from "../state.ts";
import { designSettled, isLive, isOver } from "../state.ts";
import type { Decision } from "./decision.ts";
import { accept, refuse } from "./decision.ts";
import { stranded } from "./workerEnds.ts";

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
