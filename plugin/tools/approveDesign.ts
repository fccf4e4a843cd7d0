import { z } from "zod";
import { renderRefusal } from "../../src/core/workflow/refusal.ts";
import { submit } from "../../src/runtime/commands.ts";
import { defineTool } from "./tool.ts";

export const approveDesign = defineTool({
  name: "approve_design",
  role: "commander",
  description: "Records the person's approval of a design revision. Refused unless the person themselves answered yes.",
  args: { revision: z.coerce.number().int().positive().describe("Number of the revision the person answered") },
  async run(services, { revision }) {
    const decision = await submit(services, { type: "approve_design", revision });
    if (!decision.ok) return renderRefusal(decision.refusal);
    const design = services.swarm.state?.design;
    const strategy = design?.status === "approved" ? design.qaStrategy : "as proposed";
    return `Design revision ${revision} is approved (QA: ${strategy}). Write the shared foundation now, then call complete_foundation.`;
  },
});
