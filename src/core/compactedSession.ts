import type { Role } from "./roles.ts";
import { missingStep } from "./workflow/missingStep.ts";
import type { Swarm } from "./workflow/state.ts";

const GO_ON: Readonly<Record<Exclude<Role, "commander">, string>> = {
  worker:
    "Look at what is already written in your scope, go on from there, run your checks, and end with report_result.",
  scout: "Go on from there and answer the question: your last words are the answer.",
  librarian: "Go on from there and answer the question: your last words are the answer.",
};

/**
 * What stands before the summary of a session whose messages the host has shortened: a summary may lose what its session is
 * for, and nothing else says it again.
 * @param task the first message of the session, as it was given.
 */
export function keptTask(role: Exclude<Role, "commander">, task: string): string {
  return `The earlier messages of this session were shortened. The task that it was given has not changed:\n\n${task}\n\n# After the summary\n${GO_ON[role]}`;
}

/** The same for the Commander: the swarm as its log has it, so that neither the design nor a Worker is lost. */
export function keptSwarm(swarm: Swarm): string {
  const { design, workers } = swarm;
  const proposal = "proposal" in design ? design.proposal : undefined;
  const sections = [
    "The earlier messages of this session were shortened. The swarm's log has what counts of them:",
    `# The swarm\nPhase ${swarm.phase}. Next step: ${missingStep(swarm)}`,
  ];
  if (proposal) sections.push(`# Design, revision ${proposal.revision} (${design.status})\n${proposal.summary}`);
  if (design.status === "skipped") sections.push(`# Design\nSkipped: ${design.reason}`);
  if (swarm.foundationSummary !== undefined) sections.push(`# Foundation\n${swarm.foundationSummary}`);
  if (workers.length > 0) {
    const rows = workers.map(
      ({ assignment, status }) =>
        `- ${assignment.id} ${assignment.name}: ${assignment.fileScope.join(", ")} (${status})`,
    );
    sections.push(`# Workers at that time (worker_status has the present)\n${rows.join("\n")}`);
  }
  return sections.join("\n\n");
}
