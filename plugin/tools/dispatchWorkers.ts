import { z } from "zod";
import { refusal, renderRefusal } from "../../src/core/workflow/refusal.ts";
import { isolationOf } from "../../src/core/workflow/state.ts";
import { submit } from "../../src/runtime/commands.ts";
import { defineTool, listOf } from "./tool.ts";

const globs = (text: string) => listOf(z.string().min(1)).describe(text);

const worker = z.strictObject({
  name: z.string().min(1).describe("Short name, used once"),
  feature: z.string().min(1).describe("One line"),
  fileScope: globs('Globs this Worker alone may write, e.g. ["src/cart/**"]'),
  sharedReadOnly: globs("Globs it relies on and must not write").optional(),
  spec: z.string().min(1).describe("Markdown that stands alone: files, interfaces, behaviour, tests"),
  qaRequirements: z.string().optional().describe("Commands and results that count as done"),
  dependsOn: globs("Names of Workers that must complete first").optional(),
  agent: z.string().optional(),
});

export const dispatchWorkers = defineTool({
  name: "dispatch_workers",
  role: "commander",
  description: "Starts Workers side by side, each with file scopes of its own. All are accepted or none.",
  args: { workers: listOf(worker).describe("The Workers to start") },
  async run(services, { workers }) {
    const { state } = services.swarm;
    const before = state?.workers.length ?? 0;
    if (state && isolationOf(state) === "worktree") {
      const obstacle = await services.trees.obstacle(state, workers.length);
      if (obstacle) {
        const happened = `Workers cannot have worktrees here: ${obstacle.happened}`;
        return renderRefusal(refusal("no-worktree", happened, `tell the person: ${obstacle.next}`));
      }
    }
    const decision = await submit(services, { type: "dispatch_workers", workers });
    if (!decision.ok) return renderRefusal(decision.refusal);
    const started = (services.swarm.state?.workers ?? []).slice(before).map(({ assignment }) => {
      const waits = assignment.dependsOn.length > 0 ? ` (after ${assignment.dependsOn.join(", ")})` : "";
      return `- ${assignment.id} ${assignment.name}: ${assignment.fileScope.join(", ")}${waits}`;
    });
    const probe = await services.sandbox.probe();
    const shell = probe.usable ? [] : [`Workers have no shell here: ${probe.reason} (${probe.mend})`];
    return [`${started.length} Worker(s) dispatched:`, ...started, ...shell, "Call await_workers now."].join("\n");
  },
});
