import type { Assignment } from "./workflow/model.ts";
import type { Swarm, Worker } from "./workflow/state.ts";

/** Facts about the project that every Worker's briefing begins with, the same bytes for each of them. */
export interface ProjectFacts {
  /** Tracked and unignored paths, sorted. */
  paths: readonly string[];
}

const MAP_LINES = 120;

/**
 * First message of a Worker's session. What all Workers share comes first, so that the model server's prefix cache
 * holds it once; the Worker's own part comes last.
 */
export function workerBriefing(swarm: Swarm, worker: Worker, facts: ProjectFacts): string {
  return `${sharedBriefing(swarm, facts)}\n\n${ownPart(swarm, worker)}`;
}

function sharedBriefing(swarm: Swarm, facts: ProjectFacts): string {
  const { design, baseline } = swarm;
  const proposal = design.status === "approved" ? design.proposal : undefined;
  const sections = [
    "# The project",
    proposal
      ? `${proposal.summary}${proposal.stack ? `\n\nStack: ${proposal.stack}` : ""}`
      : "The person asked for this work without a design.",
    `# Files\n${projectMap(facts.paths)}`,
  ];
  if (baseline)
    sections.push(`# Foundation (baseline ${baseline.commit.slice(0, 10)})\n${swarm.foundationSummary ?? ""}`);
  const others = swarm.workers.map(({ assignment }) => `- ${assignment.name}: ${assignment.fileScope.join(", ")}`);
  sections.push(`# Workers and their scopes\n${others.join("\n")}`);
  return sections.join("\n\n");
}

/** Directories with their number of files once the list grows long: a Worker can look closer by itself. */
function projectMap(paths: readonly string[]): string {
  if (paths.length <= MAP_LINES) return paths.map((path) => `- ${path}`).join("\n");
  const counts = new Map<string, number>();
  for (const path of paths) {
    const directory = path.split("/").slice(0, -1).slice(0, 3).join("/") || ".";
    counts.set(directory, (counts.get(directory) ?? 0) + 1);
  }
  const lines = [...counts].map(([directory, count]) => `- ${directory}/ (${count} files)`);
  const shown = lines.slice(0, MAP_LINES);
  return shown.length < lines.length
    ? [...shown, `- … ${lines.length - shown.length} more directories`].join("\n")
    : shown.join("\n");
}

function ownPart(swarm: Swarm, worker: Worker): string {
  const { assignment } = worker;
  const parts = [
    `# Your part: ${assignment.name} (${assignment.id})\n${assignment.feature}`,
    `## What to build\n${assignment.spec}`,
    `## Your scope: the only paths you may write\n${list(assignment.fileScope)}`,
  ];
  if (assignment.sharedReadOnly.length > 0) parts.push(`## Shared, read only\n${list(assignment.sharedReadOnly)}`);
  parts.push(`## Checks\n${assignment.qaRequirements ?? defaultChecks(swarm)}`);
  const carries = worker.worktree?.carries ?? [];
  if (carries.length > 0) parts.push(`## Merge conflict: yours to resolve\n${conflictNote(carries)}`);
  if (worker.instructions !== undefined) parts.push(`## Second attempt\n${retryNote(worker, assignment)}`);
  if (worker.handover !== undefined) parts.push(`## What was done before\n${worker.handover}`);
  return parts.join("\n\n");
}

function conflictNote(paths: readonly string[]): string {
  return `${list(paths)}\nThese files were changed on two sides. Between <<<<<<< and ======= is what the project holds now, between ======= and >>>>>>> what a Worker wrote. Join both, remove these marks, and run your checks.`;
}

function retryNote(worker: Worker, assignment: Assignment): string {
  return (
    `This is attempt ${worker.attempt} of ${assignment.id}. What an earlier attempt wrote in your scope is still there: ` +
    `look at it first.\nThe Commander says: ${worker.instructions ?? ""}`
  );
}

function defaultChecks(swarm: Swarm): string {
  const strategy = swarm.design.status === "approved" ? swarm.design.qaStrategy : undefined;
  if (strategy === "commander-all") return "Run what tells you that your part works; the Commander runs the full QA.";
  return "Test your part: run the tests of your own files with bash until they pass, then report the exact command.";
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join("\n");
}
