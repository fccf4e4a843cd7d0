import { MISSING_E2E } from "../qa/discoverQa.ts";
import type { Gate } from "./model.ts";
import type { Refusal } from "./refusal.ts";
import { refusal } from "./refusal.ts";
import type { Swarm, SwarmState } from "./state.ts";
import { designSettled, evidenceCovers, evidenceOf, isLive, unmergedWork, unreadWorkers } from "./state.ts";

export const overridden = (swarm: Swarm, gate: Gate) => swarm.overrides.some((override) => override.gate === gate);

export function needSwarm(state: SwarmState): Refusal | undefined {
  if (!state) {
    return refusal("no-swarm", "no swarm is open in this project.", "a person starts one by writing to the Commander.");
  }
  if (state.phase === "aborted") {
    return refusal(
      "swarm-aborted",
      `swarm ${state.id} was aborted: ${state.abort?.reason ?? "no reason given"}.`,
      "stop here; a new message of the person opens a new swarm.",
    );
  }
  if (state.phase === "done") {
    return refusal(
      "swarm-done",
      `swarm ${state.id} is done (commit ${state.commit?.commit.slice(0, 10) ?? "unknown"}).`,
      "give the person the final report; a new message of theirs opens a new swarm.",
    );
  }
  return undefined;
}

export function needDesign(swarm: Swarm): Refusal | undefined {
  if (designSettled(swarm)) return undefined;
  const { design } = swarm;
  if (design.status === "open") {
    return refusal(
      "design-not-approved",
      `the person has not answered design revision ${design.proposal.revision} yet.`,
      "show them the numbered choices and end your turn; call approve_design after their yes.",
    );
  }
  if (design.status === "agreed") {
    return refusal(
      "design-not-approved",
      `the person said yes to revision ${design.proposal.revision}, but it is not recorded as approved.`,
      `call approve_design with revision ${design.proposal.revision}.`,
    );
  }
  return refusal(
    "design-missing",
    design.status === "rejected"
      ? `the person rejected design revision ${design.proposal.revision}.`
      : "there is no design yet.",
    "agree on one with the person: call propose_design, show the numbered choices, end your turn.",
  );
}

export function needFoundationPhase(swarm: Swarm): Refusal | undefined {
  const design = needDesign(swarm);
  if (design) return design;
  if (swarm.phase !== "foundation") {
    return refusal(
      "foundation-complete",
      `the foundation is already recorded (baseline ${swarm.baseline?.commit.slice(0, 10) ?? "unknown"}).`,
      swarm.phase === "dispatch"
        ? "call dispatch_workers."
        : "go on with the phase you are in: worker_status shows it.",
    );
  }
  return undefined;
}

export function needFoundation(swarm: Swarm): Refusal | undefined {
  const design = needDesign(swarm);
  if (design) return design;
  if (swarm.baseline) return undefined;
  return refusal(
    "foundation-missing",
    "the foundation is not complete: there is no baseline the Workers could start from.",
    "write the shared code, then call complete_foundation with a summary.",
  );
}

/** After the person stopped the Commander, nothing new is started until they speak again. */
export function needUnpaused(swarm: Swarm): Refusal | undefined {
  if (!swarm.paused) return undefined;
  return refusal(
    "paused",
    "the person stopped this swarm's work.",
    "end your turn and wait for the person's next message.",
  );
}

/** Integration may begin once every Worker has ended. */
export function needWorkersEnded(swarm: Swarm): Refusal | undefined {
  const foundation = needFoundation(swarm);
  if (foundation) return foundation;
  if (swarm.workers.length === 0) {
    return refusal("no-workers", "no Worker was dispatched yet.", "call dispatch_workers with 1 or more Workers.");
  }
  const live = swarm.workers.filter(isLive).map((worker) => worker.assignment.id);
  if (live.length > 0) {
    return refusal(
      "workers-unfinished",
      `${live.join(", ")} ${live.length === 1 ? "has" : "have"} not ended.`,
      "call await_workers, or cancel_worker for one that is no longer needed.",
    );
  }
  return undefined;
}

/** `run_qa` counts from integrate on, after every Worker's diff was read. */
export function needIntegration(swarm: Swarm): Refusal | undefined {
  const ended = needWorkersEnded(swarm);
  if (ended) return ended;
  if (!swarm.conflicts && !overridden(swarm, "integrate")) {
    return refusal(
      "conflicts-unchecked",
      "the Workers' changes were not checked against each other.",
      "call check_conflicts.",
    );
  }
  const unmerged = unmergedWork(swarm);
  if (unmerged.length > 0 && !overridden(swarm, "integrate")) {
    const what = unmerged.map(({ worker, paths }) => `${worker} (${paths.join(", ")})`).join("; ");
    return refusal(
      "merge-conflict",
      `this work does not merge with what the project holds: ${what}.`,
      "call retry_worker for it: its next attempt finds both versions in these files. Or leave it out with cancel_worker. Then call check_conflicts.",
    );
  }
  const unread = unreadWorkers(swarm);
  if (unread.length > 0 && !overridden(swarm, "review")) {
    return refusal(
      "diff-unread",
      `the diff of ${unread.join(", ")} was not read.`,
      `call read_worker for ${unread.join(", ")}, then run_qa.`,
    );
  }
  return undefined;
}

/** QA must have passed on exactly `tree`, the tree the commit would hold. */
export function needEvidence(swarm: Swarm, tree: string): Refusal | undefined {
  const integration = needIntegration(swarm);
  if (integration) return integration;
  if (overridden(swarm, "qa") || evidenceCovers(swarm, tree)) return undefined;
  const evidence = evidenceOf(swarm, tree);
  if (!evidence) {
    return refusal(
      swarm.lastQaTree ? "qa-outdated" : "qa-missing",
      swarm.lastQaTree
        ? `the files changed since QA ran (tested tree ${swarm.lastQaTree.slice(0, 10)}, present tree ${tree.slice(0, 10)}).`
        : "QA did not run.",
      "call run_qa; commit only after every check passed.",
    );
  }
  if (evidence.required.length === 0) {
    return refusal(
      "qa-nothing-found",
      "no QA command was found in this project, so nothing was tested.",
      "tell the person; they can name commands in workflow.qa of aegis.jsonc or type /aegis-override qa <reason>.",
    );
  }
  if (!evidence.stable) {
    return refusal(
      "qa-unstable",
      `QA itself changes ${evidence.changedByQa.join(", ")}, so no result fits the files.`,
      "make the check read-only (or commit what it writes by a formatter run first), then call run_qa.",
    );
  }
  const missing = evidence.required.filter((check) => !evidence.rows.some((row) => row.check === check && row.passed));
  if (missing.length === 1 && missing[0] === MISSING_E2E && !evidence.rows.some((row) => row.kind === "e2e")) {
    return refusal(
      "qa-e2e-missing",
      "the agreed QA strategy is full-e2e, and no end-to-end check ran.",
      "call run_qa without `only`; where it finds no end-to-end command, tell the person: they can name one in workflow.qa of aegis.jsonc (check: e2e) or type /aegis-override qa <reason>.",
    );
  }
  return refusal(
    "qa-failed",
    `QA did not pass on the present files: ${missing.join(", ")}.`,
    "mend it (retry_worker for the Worker that owns the failing files), then call run_qa.",
  );
}

/** A changed test script, hook or configuration voids QA until a person accepts it. */
export function needQaDefinition(
  swarm: Swarm,
  change: { fingerprint: string; paths: readonly string[] },
): Refusal | undefined {
  if (change.paths.length === 0 || overridden(swarm, "qa-change")) return undefined;
  if (swarm.acceptedQaChanges.includes(change.fingerprint)) return undefined;
  const refused = swarm.refusedQaChanges.includes(change.fingerprint);
  return refusal(
    "qa-definition-changed",
    `what QA runs was changed since the baseline: ${change.paths.join(", ")}.${refused ? " The person did not accept it." : ""}`,
    refused
      ? "put these files back as they were, then call run_qa."
      : "show the person these changes and ask: 1. accept the changed QA  2. do not accept. End your turn and wait.",
  );
}
