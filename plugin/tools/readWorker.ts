import { z } from "zod";
import { compileScope, FROM_GIT } from "../../src/core/scope/contains.ts";
import { needSwarm } from "../../src/core/workflow/gates.ts";
import { refusal, renderRefusal } from "../../src/core/workflow/refusal.ts";
import type { Worker } from "../../src/core/workflow/state.ts";
import { findWorker } from "../../src/core/workflow/state.ts";
import { submit } from "../../src/runtime/commands.ts";
import type { SwarmServices } from "../../src/runtime/services.ts";
import { defineTool } from "./tool.ts";

/** Bytes of diff shown: the host cuts results at 50 KB, and the report has to fit in front of it. */
const DIFF_BYTES = 30_000;

export const readWorker = defineTool({
  name: "read_worker",
  role: "commander",
  description: "Returns a Worker's report, QA result, changed files and diff.",
  args: { worker_id: z.string().min(1).describe("Such as w01") },
  async run(services, { worker_id: id }) {
    const { swarm, git } = services;
    const state = swarm.state;
    const gate = needSwarm(state);
    const worker = state && findWorker(state, id);
    if (gate || !state) return renderRefusal(gate ?? refusal("no-swarm", "no swarm is open.", "call propose_design."));
    const decision = await submit(services, { type: "read_worker", worker: id });
    if (!decision.ok || !worker || !state.baseline) {
      return renderRefusal(
        decision.ok ? refusal("worker-unknown", `no Worker ${id}.`, "call worker_status.") : decision.refusal,
      );
    }
    const present = await presentTree(services, worker);
    const inScope = compileScope(worker.assignment.fileScope, FROM_GIT);
    const changes = (await git.changed(state.baseline.tree, present)).filter((change) => inScope(change.path));
    const files = changes.map((change) => `- ${change.kind} ${change.path}`);
    const diff = await git.diff(
      state.baseline.tree,
      present,
      changes.map((change) => change.path),
      DIFF_BYTES,
    );
    return [
      `# ${worker.assignment.id} ${worker.assignment.name}: ${worker.status}`,
      reportOf(worker),
      `## Files (${changes.length})`,
      ...(files.length > 0 ? files : ["- none"]),
      ...(worker.strayed.length > 0
        ? [`Taken back because they were outside its scope: ${worker.strayed.join(", ")}`]
        : []),
      "## Diff against the baseline",
      diff === "" ? "(empty)" : diff,
    ].join("\n");
  },
});

/** Its own tree as long as that stands, because nothing of it may be merged yet. */
async function presentTree({ trees, git }: SwarmServices, worker: Worker): Promise<string> {
  if (trees.dirOf(worker) === undefined) return git.snapshot();
  return trees.gitOf(worker).snapshot();
}

function reportOf(worker: Worker): string {
  if (worker.status === "failed" || worker.status === "cancelled") return `Reason: ${worker.reason}`;
  if (!("report" in worker) || !worker.report) return "No report yet: it still works.";
  const { summary, qa, qaVerified, notes } = worker.report;
  const rows = qa.map((row) => `- ${row.passed ? "passed" : "failed"}: \`${row.command}\``);
  const proof = qaVerified ? "seen passing on these files" : "qa: not run";
  return [
    summary,
    `QA (${proof}):`,
    ...(rows.length > 0 ? rows : ["- none"]),
    ...(notes ? [`Notes: ${notes}`] : []),
  ].join("\n");
}
