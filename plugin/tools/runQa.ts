import { z } from "zod";
import { renderQaTable } from "../../src/core/workflow/dashboard.ts";
import { needEvidence, needIntegration, needSwarm } from "../../src/core/workflow/gates.ts";
import { refusal, renderRefusal } from "../../src/core/workflow/refusal.ts";
import { candidate } from "../../src/runtime/candidate.ts";
import type { QaPass } from "../../src/runtime/qaPass.ts";
import { passQa } from "../../src/runtime/qaPass.ts";
import { defineTool, listOf } from "./tool.ts";

/** Characters of a failing check's output that go back to the model. */
const TAIL = 4_000;

export const runQaTool = defineTool({
  name: "run_qa",
  role: "commander",
  description:
    "Runs the project's own checks on exactly the files a commit would hold. Only a full pass allows a commit.",
  args: { only: listOf(z.string().min(1)).optional().describe("Names or kinds of checks to run; results add up") },
  async run(services, { only }, call) {
    const { swarm, git } = services;
    const state = swarm.state;
    const gate = needSwarm(state) ?? (state && needIntegration(state));
    if (gate || !state) return renderRefusal(gate ?? refusal("no-swarm", "no swarm is open.", "call propose_design."));
    const held = await candidate(state, git);
    const result = await passQa(services, state, held, {
      only,
      signal: call.signal,
      onProgress: ({ check, index, total }) => call.title(`QA ${index}/${total}: ${check}`),
    });
    if (!result.ok) return renderRefusal(result.refusal);
    const after = swarm.state;
    const missing = after ? needEvidence(after, result.pass.tree) : undefined;
    const left = held.left.map((change) => change.path);
    return [
      result.pass.rows.length > 0 ? renderQaTable(result.pass.rows) : "Nothing was tested.",
      ...(left.length > 0 ? [`Tested without what the swarm may not commit: ${left.slice(0, 20).join(", ")}`] : []),
      ...failing(result.pass),
      "",
      verdict(result.pass, missing),
    ].join("\n");
  },
});

function verdict(pass: QaPass, missing: ReturnType<typeof needEvidence>): string {
  if (pass.definitionGate) return renderRefusal(pass.definitionGate);
  if (missing) return `Not passed: ${pass.reason ?? missing.happened}\nNext step: ${missing.next}`;
  return `QA passed on tree ${pass.tree.slice(0, 10)}. Call commit_changes now; any change to a file makes fresh QA necessary.`;
}

function failing(pass: QaPass): string[] {
  const outputs = pass.rows
    .filter((row) => !row.passed)
    .map((row) => `\n### ${row.check} failed\n${row.output.slice(-TAIL)}`);
  const owners = pass.owners.map(
    ({ worker, check, paths }) =>
      `${check}: ${paths.join(", ")} belong to ${worker}; call retry_worker for it with the output above.`,
  );
  return [...outputs, ...owners];
}
