import type { CommandOf } from "../commands.ts";
import type { SwarmEvent } from "../events.ts";
import { needEvidence, needIntegration, needSwarm, needWorkersEnded } from "../gates.ts";
import { refusal } from "../refusal.ts";
import type { SwarmState } from "../state.ts";
import { isOver } from "../state.ts";
import type { Decision } from "./decision.ts";
import { accept, refuse } from "./decision.ts";

export function checkConflicts(command: CommandOf<"check_conflicts">, state: SwarmState): Decision {
  const missing = needSwarm(state);
  if (missing || !state) return refuse(missing);
  const ended = needWorkersEnded(state);
  if (ended) return refuse(ended);
  const { tree, rows, integrated, unmerged, at } = command;
  const clean = rows.every((row) => !row.problem);
  const merge = {
    ...(integrated === undefined ? {} : { integrated }),
    ...(unmerged === undefined ? {} : { unmerged: unmerged.map((each) => ({ ...each, paths: [...each.paths] })) }),
  };
  return accept({ type: "conflicts_checked", at, tree, rows: [...rows], clean, ...merge });
}

export function qaRan(command: CommandOf<"qa_ran">, state: SwarmState): Decision {
  const missing = needSwarm(state);
  if (missing || !state) return refuse(missing);
  const integration = needIntegration(state);
  if (integration) return refuse(integration);
  const { tree, rows, required, stable, changedByQa, sandboxed, at } = command;
  return accept({
    type: "qa_ran",
    at,
    tree,
    rows: [...rows],
    required: [...required],
    stable,
    changedByQa: [...changedByQa],
    sandboxed,
  });
}

/** Opens the person's question about changed QA definitions, once per change. */
export function qaChangeSeen(command: CommandOf<"qa_change_seen">, state: SwarmState): Decision {
  if (!state || isOver(state)) return refuse(needSwarm(state));
  const { fingerprint, paths, at } = command;
  const known =
    state.acceptedQaChanges.includes(fingerprint) ||
    state.refusedQaChanges.includes(fingerprint) ||
    (state.question?.kind === "qa-change" && state.question.fingerprint === fingerprint);
  return known ? accept() : accept({ type: "qa_change_seen", at, fingerprint, paths: [...paths] });
}

export function askUnsandboxedQa(command: CommandOf<"ask_unsandboxed_qa">, state: SwarmState): Decision {
  if (!state || isOver(state)) return refuse(needSwarm(state));
  if (state.unsandboxedQa !== "not-asked" || state.question?.kind === "unsandboxed-qa") return accept();
  return accept({ type: "unsandboxed_qa_asked", at: command.at });
}

/** The commit object exists when this arrives, yet only a state that may commit records it. */
export function commitLanded(command: CommandOf<"commit_landed">, state: SwarmState): Decision {
  const missing = needSwarm(state);
  if (missing || !state) return refuse(missing);
  const evidence = needEvidence(state, command.tree);
  if (evidence) return refuse(evidence);
  const { commit, tree, message, paths, at } = command;
  return accept({ type: "committed", at, commit, tree, message, paths: [...paths], report: "owed" });
}

export function commanderWrote(command: CommandOf<"commander_wrote">, state: SwarmState): Decision {
  if (!state || isOver(state)) return accept();
  const fresh = command.paths.filter((path) => !state.commanderWrote.includes(path));
  return fresh.length === 0 ? accept() : accept({ type: "commander_wrote", at: command.at, paths: fresh });
}

export function overrideGate(command: CommandOf<"override_gate">, state: SwarmState): Decision {
  const missing = needSwarm(state);
  if (missing || !state) return refuse(missing);
  const reason = command.reason.trim();
  if (reason === "") {
    return refuse(refusal("reason-missing", "an override needs a reason.", "type /aegis-override <gate> <reason>."));
  }
  const overridden: SwarmEvent = { type: "gate_overridden", at: command.at, gate: command.gate, reason };
  return accept(overridden);
}
