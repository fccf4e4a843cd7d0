import { z } from "zod";
import { refusal, renderRefusal } from "../../src/core/workflow/refusal.ts";
import { submit } from "../../src/runtime/commands.ts";
import { callingWorker, defineTool, listOf } from "./tool.ts";

const check = z.strictObject({
  command: z.string().min(1).describe("Exactly as it was run with bash"),
  passed: z.boolean(),
});

export const reportResult = defineTool({
  name: "report_result",
  role: "worker",
  description:
    "Ends your part. The only way to finish: completed after your checks passed, failed, or blocked with a question.",
  args: {
    status: z.enum(["completed", "failed", "blocked"]),
    summary: z.string().min(1).describe("What was built, or why not; for blocked, the question"),
    qa: listOf(check).optional().describe("The checks you ran"),
    notes: z.string().optional().describe("What the Commander must know to join the parts"),
  },
  async run(services, { status, summary, qa, notes }, call) {
    const found = callingWorker(services, call);
    if ("code" in found) return renderRefusal(found);
    const { worker } = found;
    const [probe, fingerprint, tokens, marked] = await Promise.all([
      services.sandbox.probe(),
      services.trees.fingerprint(worker),
      services.sessions.tokens(call.session),
      services.trees.stillMarked(worker),
    ]);
    if (status === "completed" && marked.length > 0) return renderRefusal(conflictMarks(marked));
    // Before the report, so that whoever is woken by it finds the work on its branch.
    if (worker.worktree) await services.trees.save(worker.assignment.id);
    const decision = await submit(services, {
      type: "report_result",
      worker: worker.assignment.id,
      status,
      summary,
      qa: qa ?? [],
      notes,
      fingerprint,
      tokens,
      shellOffered: probe.usable,
    });
    return decision.ok
      ? `Recorded as ${status}. Your part is over: end your turn without further calls.`
      : renderRefusal(decision.refusal);
  },
});

function conflictMarks(paths: readonly string[]) {
  return refusal(
    "conflict-marks",
    `${paths.join(", ")} still ${paths.length === 1 ? "holds" : "hold"} both versions of a merge conflict.`,
    "join the two versions, remove the lines <<<<<<<, ======= and >>>>>>>, run your checks, then report again.",
  );
}
