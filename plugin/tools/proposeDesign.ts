import { z } from "zod";
import { qaStrategySchema } from "../../src/core/workflow/model.ts";
import { approvalChoices } from "../../src/core/workflow/person.ts";
import { renderRefusal } from "../../src/core/workflow/refusal.ts";
import { submit } from "../../src/runtime/commands.ts";
import { defineTool, listOf } from "./tool.ts";

export const proposeDesign = defineTool({
  name: "propose_design",
  role: "commander",
  description:
    "Records a design revision and returns the numbered choices to show the person. Afterwards show them and end your turn.",
  args: {
    summary: z.string().min(1).describe("What will be built and how, in Markdown"),
    features: listOf(
      z.strictObject({
        name: z.string().min(1).describe("Short name"),
        description: z.string().describe("What it does"),
      }),
      { min: 1 },
    ).describe("Features in building order, one Worker each"),
    stack: z.string().optional().describe("Languages, frameworks, storage"),
    qa_strategy: qaStrategySchema
      .optional()
      .describe("Who runs which checks; default worker-unit+commander-integration"),
    project: z.enum(["new", "existing"]).optional().describe("Whether it starts from nothing"),
  },
  async run(services, args) {
    const { summary, features, stack, project, qa_strategy: qaStrategy } = args;
    const decision = await submit(services, {
      type: "propose_design",
      summary,
      features,
      stack,
      project,
      qaStrategy: qaStrategy ?? "worker-unit+commander-integration",
    });
    if (!decision.ok) return renderRefusal(decision.refusal);
    const state = services.swarm.state;
    if (state?.design.status !== "open") throw new Error("A recorded proposal is not the open one.");
    const { proposal } = state.design;
    if (state.autopilot) {
      return `Design revision ${proposal.revision} is recorded. The person typed /autopilot: call approve_design with revision ${proposal.revision} now.`;
    }
    const choices = approvalChoices(proposal, state.language).map((choice) => `${choice.number}. ${choice.label}`);
    return [
      `Design revision ${proposal.revision} is recorded and waits for the person.`,
      "Show them the design and these choices word for word, then end your turn:",
      "",
      ...choices,
    ].join("\n");
  },
});
