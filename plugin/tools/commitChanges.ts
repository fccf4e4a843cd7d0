import { z } from "zod";
import { renderFinalReport } from "../../src/core/workflow/dashboard.ts";
import { needEvidence, needSwarm } from "../../src/core/workflow/gates.ts";
import { refusal, renderRefusal } from "../../src/core/workflow/refusal.ts";
import { evidenceCovers, type SwarmState } from "../../src/core/workflow/state.ts";
import { type Candidate, candidate } from "../../src/runtime/candidate.ts";
import { submit } from "../../src/runtime/commands.ts";
import { recordLostCommit } from "../../src/runtime/lostCommit.ts";
import { privateId } from "../../src/runtime/privateId.ts";
import { runProjectHooks } from "../../src/runtime/qa/runProjectHooks.ts";
import { passQa, qaDefinitionGate } from "../../src/runtime/qaPass.ts";
import { qaSandbox } from "../../src/runtime/qaSandbox.ts";
import { defineTool, listOf } from "./tool.ts";

export const commitChanges = defineTool({
  name: "commit_changes",
  role: "commander",
  description:
    "Commits the tested files on the present branch. Only after QA passed on exactly these files; never pushes.",
  args: {
    message: z.string().min(1).describe("Conventional Commits style, e.g. feat: add cart and checkout"),
    paths: listOf(z.string().min(1)).optional().describe("Commit only these files or directories"),
  },
  async run(services, { message, paths }, call) {
    const { swarm, git, projectDir, now } = services;
    const state = swarm.state;
    const missing = needSwarm(state);
    if (missing || !state)
      return renderRefusal(missing ?? refusal("no-swarm", "no swarm is open.", "call propose_design."));
    const whole = await candidate(state, git);
    const lost = await recordLostCommit(services, state, whole, message);
    if (lost !== undefined) {
      const found = `Commit ${lost.slice(0, 10)} was already on the branch; it is recorded now.`;
      return finished(found, await git.keptBack(), whole, swarm.state, now());
    }
    const held = paths ? await candidate(state, git, paths) : whole;
    if (held.paths.length === 0) {
      return renderRefusal(
        refusal("nothing-to-commit", "there is no change of this swarm to commit.", "call worker_status."),
      );
    }
    // A part of tested files is another tree: it is tested by itself before it is committed.
    if (paths && held.tree !== whole.tree && evidenceCovers(state, whole.tree) && !evidenceCovers(state, held.tree)) {
      const onProgress = () => call.title("QA on exactly these paths");
      const result = await passQa(services, state, held, { signal: call.signal, onProgress });
      if (!result.ok) return renderRefusal(result.refusal);
    }
    const tested = swarm.state ?? state;
    const gate = needEvidence(tested, held.tree) ?? (await qaDefinitionGate(services, tested, held.tree));
    if (gate) return renderRefusal(gate);
    const sandbox = await qaSandbox(services);
    if (!sandbox.ok) return renderRefusal(sandbox.refusal);
    const verdict = await runProjectHooks({
      git,
      sandbox: sandbox.sandbox,
      projectDir,
      tree: held.tree,
      message,
      signal: call.signal,
      sandboxSpecBase: { privateId: privateId(state.id, "qa") },
    });
    if (!verdict.allowed) {
      const happened = `the project's ${verdict.hook} hook refused the commit: ${verdict.reason}\n${verdict.output}`;
      return renderRefusal(refusal("hook-refused", happened, "mend what it names, call run_qa, then commit again."));
    }
    const { commit } = await git.commit({ message: verdict.message, tree: held.tree, expectedHead: held.head });
    const landed = await submit(services, {
      type: "commit_landed",
      commit,
      tree: held.tree,
      message: verdict.message,
      paths: held.paths,
    });
    if (!landed.ok) {
      const { code, happened } = landed.refusal;
      const made = `commit ${commit.slice(0, 10)} is on the branch, but the swarm could not record it: ${happened}`;
      return renderRefusal(refusal(code, made, "tell the person both; do not commit again."));
    }
    const made = `Committed ${commit.slice(0, 10)} with ${held.paths.length} file(s).`;
    return finished(made, await git.keptBack(), held, swarm.state, now());
  },
});

function finished(what: string, keptBack: readonly string[], held: Candidate, swarm: SwarmState, now: number): string {
  const left = held.left.map((change) => change.path);
  return [
    what,
    ...keptBackNote(keptBack),
    ...(left.length > 0 ? [`Left in the working tree: ${left.slice(0, 20).join(", ")}`] : []),
    "Give the person this report in their language:",
    "",
    swarm ? renderFinalReport(swarm, now) : "",
  ].join("\n");
}

/** Files that look as if they were part of the work, and why they are not. */
function keptBackNote(files: readonly string[]): string[] {
  if (files.length === 0) return [];
  const named = `${files.slice(0, 20).join(", ")}${files.length > 20 ? ` and ${files.length - 20} more` : ""}`;
  return [
    `Never committed by a swarm: ${named}. They are named like secrets, or the committed .gitignore leaves them out; the person commits them where that is wanted.`,
  ];
}
