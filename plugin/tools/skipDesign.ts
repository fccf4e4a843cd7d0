import { z } from "zod";
import { renderRefusal } from "../../src/core/workflow/refusal.ts";
import { submit } from "../../src/runtime/commands.ts";
import { defineTool } from "./tool.ts";

export const skipDesign = defineTool({
  name: "skip_design",
  role: "commander",
  description: "Goes on without a design. Only where the person asked for that in their own words.",
  args: { reason: z.string().min(1).describe("The person's words that ask for it") },
  async run(services, { reason }) {
    const decision = await submit(services, { type: "skip_design", reason });
    if (!decision.ok) return renderRefusal(decision.refusal);
    const design = services.swarm.state?.design;
    const allowed = design?.status === "skipped" ? design.workersAllowed : 1;
    return `The design is skipped; up to ${allowed} Worker(s) may be dispatched. Prepare what they share, if anything, then call complete_foundation.`;
  },
});
