import type { Swarm } from "./state.ts";
import { isLive, unmergedWork, unreadWorkers } from "./state.ts";

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
