import { backoff } from "../../gate/retryPlan.ts";
import type { CommandOf } from "../commands.ts";
import type { SwarmEvent } from "../events.ts";
import type { Swarm, SwarmState } from "../state.ts";
import { isOver } from "../state.ts";
import { isTalk, takenUp } from "./continuation.ts";
import type { Decision } from "./decision.ts";
import { accept } from "./decision.ts";
import { LONGEST_WAIT_MS, TAKE_UPS } from "./takeUps.ts";

type TroubleCommand = CommandOf<
  "commander_request_failed" | "commander_resumed" | "commander_ran_away" | "commander_told"
>;

/** Take-ups while a person is in the talk about the design: they wait for an answer, and can write again themselves. */
const TAKE_UPS_IN_TALK = 2;
/** Cut answers without progress of which the Commander is told; the next one goes to the person. */
const CUTS = 2;

/** What goes wrong between the Commander and the model. About another session, or a swarm that rests, it says nothing. */
export function commanderTrouble(command: TroubleCommand, state: SwarmState): Decision {
  if (!state || isOver(state) || state.session !== command.session) return accept();
  const { at } = command;
  const trouble = state.commanderTrouble;
  switch (command.type) {
    case "commander_told":
      return trouble?.untold === undefined ? accept() : accept({ type: "commander_told", at });
    case "commander_ran_away": {
      const { kind } = command;
      const cut: SwarmEvent = { type: "commander_ran_away", at, kind };
      if (rests(state) || (trouble?.cuts ?? 0) < CUTS) return accept(cut);
      return accept(cut, { type: "continuation_exhausted", at, cause: { kind: "cut", what: kind } });
    }
    case "commander_request_failed":
      return rests(state) || trouble?.waiting ? accept() : requestFailed(command, state);
    case "commander_resumed":
      return !rests(state) && trouble?.waiting?.takeUp === command.takeUp ? accept(takenUp(state, at)) : accept();
  }
}

function rests(state: Swarm): boolean {
  return state.paused || state.exhausted;
}

function requestFailed(command: CommandOf<"commander_request_failed">, state: Swarm): Decision {
  const { at, failure, retryable, detail, jitter } = command;
  const { times, firstMs } = state.settings.takeUps ?? TAKE_UPS;
  const takeUp = (state.commanderTrouble?.takeUps ?? 0) + 1;
  // The gate itself sends no stalled request again; from a new turn it may go through.
  const mayPass = retryable || failure === "stalled";
  if (!mayPass || takeUp > (isTalk(state) ? Math.min(times, TAKE_UPS_IN_TALK) : times)) {
    return accept({ type: "continuation_exhausted", at, cause: { kind: "request", failure, detail } });
  }
  const waitMs = backoff(takeUp, { firstMs, longestMs: LONGEST_WAIT_MS }, jitter);
  return accept({ type: "commander_interrupted", at, failure, detail, takeUp, waitMs });
}
