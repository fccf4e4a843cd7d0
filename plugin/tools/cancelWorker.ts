import { z } from "zod";
import { refusal, renderRefusal } from "../../src/core/workflow/refusal.ts";
import { findWorker } from "../../src/core/workflow/state.ts";
import { submit } from "../../src/runtime/commands.ts";
import { revert, writtenBy } from "../../src/runtime/revert.ts";
import { defineTool } from "./tool.ts";

/** The arguments are fixed, so the reason says whether the changes go with the Worker. */
const REVERT = /\b(?:revert|undo|discard|roll ?back|throw away)\b|되돌|버려|버리|폐기|원복/iu;

export const cancelWorker = defineTool({
  name: "cancel_worker",
  role: "commander",
  description: "Ends a Worker. Its changes stay, unless the reason says to revert them.",
  args: {
    worker_id: z.string().min(1).describe("Such as w01"),
    reason: z.string().min(1).describe('Why; write "revert" in it to put its files back as the baseline has them'),
  },
  async run(services, { worker_id: id, reason }) {
    const before = services.swarm.state;
    const worker = before && findWorker(before, id);
    const wanted = REVERT.test(reason);
    const reverted = wanted && worker ? await writtenBy(services, before, worker) : [];
    const discarded = worker?.worktree !== undefined && wanted;
    const decision = await submit(services, { type: "cancel_worker", worker: id, reason, reverted, discarded });
    if (!decision.ok) return renderRefusal(decision.refusal);
    if (!before || !worker) return renderRefusal(refusal("worker-unknown", `no Worker ${id}.`, "call worker_status."));
    if (!wanted) return `${id} is cancelled; its changes stay. Call worker_status for what is next.`;
    await revert(services, before, worker, reverted);
    return `${id} is cancelled and ${reverted.length} file(s) are as the baseline has them: ${reverted.join(", ") || "none"}.`;
  },
});
