import { z } from "zod";
import { renderQaTable } from "../../src/core/workflow/dashboard.ts";
import { needFoundationPhase, needSwarm, overridden } from "../../src/core/workflow/gates.ts";
import { refusal, renderRefusal } from "../../src/core/workflow/refusal.ts";
import { submit } from "../../src/runtime/commands.ts";
import { privateId } from "../../src/runtime/privateId.ts";
import { findChecks } from "../../src/runtime/qa/findChecks.ts";
import { runQa } from "../../src/runtime/qa/runQa.ts";
import { qaSandbox } from "../../src/runtime/qaSandbox.ts";
import { defineTool } from "./tool.ts";

export const completeFoundation = defineTool({
  name: "complete_foundation",
  role: "commander",
  description: "Checks the shared foundation (type check) and records it as the baseline the Workers start from.",
  args: { summary: z.string().min(1).describe("What the foundation offers and where: the Workers read this") },
  async run(services, { summary }, call) {
    const { swarm, git, projectDir, settings } = services;
    const state = swarm.state;
    const gate = needSwarm(state) ?? (state && needFoundationPhase(state));
    if (gate || !state)
      return renderRefusal(gate ?? refusal("no-swarm", "no swarm is open.", "write to the Commander."));
    const tree = await git.snapshot();
    const typecheck = (await findChecks(git, tree, settings.qaOverride)).filter((check) => check.kind === "typecheck");
    let rows: Awaited<ReturnType<typeof runQa>>["rows"] = [];
    if (typecheck.length > 0) {
      const allowed = await qaSandbox(services);
      if (!allowed.ok) return renderRefusal(allowed.refusal);
      call.title("checking the foundation");
      const outcome = await runQa({
        checks: typecheck,
        sandbox: allowed.sandbox,
        git,
        projectDir,
        signal: call.signal,
        sandboxSpecBase: { privateId: privateId(state.id, "qa") },
      });
      rows = outcome.rows;
      if (!outcome.passed && !overridden(state, "foundation")) {
        const failing = rows.filter((row) => !row.passed).map((row) => `${row.check} (${row.command}):\n${row.output}`);
        return renderRefusal(
          refusal(
            "foundation-qa-failed",
            `the foundation does not pass its type check. ${outcome.reason ?? ""}\n${failing.join("\n")}`,
            "mend it, then call complete_foundation again.",
          ),
        );
      }
    }
    // Only what the Commander wrote is foundation: the person may work in the same tree at the same time.
    const base = await git.treeOf(state.head);
    const present = await git.snapshot();
    const written = new Set(state.commanderWrote);
    const paths = (await git.changed(base, present)).map((change) => change.path).filter((path) => written.has(path));
    const commit = await git.recordRef(
      `refs/aegis/${state.id}/baseline`,
      present,
      `aegis: baseline of ${state.id}\n\n${summary}`,
    );
    const decision = await submit(services, {
      type: "complete_foundation",
      summary,
      commit,
      tree: present,
      paths,
      qa: rows,
    });
    if (!decision.ok) return renderRefusal(decision.refusal);
    const checked =
      rows.length > 0 ? renderQaTable(rows) : "No type check was found in this project; nothing was checked.";
    return `The foundation is recorded (baseline ${commit.slice(0, 10)}).\n${checked}\nCall dispatch_workers now, with 1 to ${state.settings.maxWorkers} Workers.`;
  },
});
