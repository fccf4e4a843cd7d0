import { z } from "zod";
import { renderRefusal } from "../../src/core/workflow/refusal.ts";
import { submit } from "../../src/runtime/commands.ts";
import { defineTool } from "./tool.ts";

export const retryWorker = defineTool({
  name: "retry_worker",
  role: "commander",
  description: "Starts a Worker again on its own scope with new instructions. Stops what it does now; bounded.",
  args: {
    worker_id: z.string().min(1).describe("Such as w01"),
    instructions: z.string().min(1).describe("What went wrong, with the failing output, and what to do"),
  },
  async run(services, { worker_id: worker, instructions }) {
    const decision = await submit(services, { type: "retry_worker", worker, instructions });
    if (!decision.ok) return renderRefusal(decision.refusal);
    return `${worker} starts again with its scope unchanged. Call await_workers.`;
  },
});
