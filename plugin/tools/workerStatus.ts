import { renderDashboard } from "../../src/core/workflow/dashboard.ts";
import { defineTool } from "./tool.ts";

export const workerStatus = defineTool({
  name: "worker_status",
  role: "commander",
  description: "Shows the dashboard: every Worker's status, time, tokens, what it does now, and the next step.",
  args: {},
  async run({ swarm, now, live }) {
    return swarm.state ? renderDashboard(swarm.state, now(), live) : "No swarm is open. Call propose_design to begin.";
  },
});
