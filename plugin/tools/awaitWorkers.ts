import { z } from "zod";
import { progressTitle, renderDashboard } from "../../src/core/workflow/dashboard.ts";
import { needFoundation, needSwarm } from "../../src/core/workflow/gates.ts";
import { refusal, renderRefusal } from "../../src/core/workflow/refusal.ts";
import type { SwarmState } from "../../src/core/workflow/state.ts";
import { isLive, isOver } from "../../src/core/workflow/state.ts";
import { defineTool } from "./tool.ts";

/** Waits this long by default (s); the Commander then sees the dashboard and may wait again. */
const DEFAULT_WAIT_S = 1800;

export const awaitWorkers = defineTool({
  name: "await_workers",
  role: "commander",
  description: "Waits until all Workers (or any one) have ended, then returns the dashboard.",
  args: {
    until: z.enum(["any", "all"]).optional().describe("Default all"),
    timeout_s: z.coerce.number().positive().max(7200).optional().describe(`Seconds, default ${DEFAULT_WAIT_S}`),
  },
  async run({ swarm, now, live }, { until, timeout_s }, call) {
    const state = swarm.state;
    const gate = needSwarm(state) ?? (state && needFoundation(state));
    if (gate || !state) return renderRefusal(gate ?? refusal("no-swarm", "no swarm is open.", "call propose_design."));
    if (state.workers.length === 0) {
      return renderRefusal(refusal("no-workers", "no Worker was dispatched.", "call dispatch_workers."));
    }
    const liveAtFirst = liveIds(state);
    const ended = (present: SwarmState) => {
      if (!present || isOver(present)) return true;
      const now = liveIds(present);
      return until === "any" ? liveAtFirst.some((id) => !now.includes(id)) || now.length === 0 : now.length === 0;
    };
    call.title(progressTitle(state));
    const stop = swarm.watch((present) => {
      if (present) call.title(progressTitle(present));
    });
    const how = await swarm
      .until(ended, { timeoutMs: (timeout_s ?? DEFAULT_WAIT_S) * 1000, signal: call.signal })
      .finally(stop);
    const present = swarm.state;
    const dashboard = present ? renderDashboard(present, now(), live) : "No swarm is open.";
    const heading = { done: "", timeout: "The time is over; Workers still run.\n", aborted: "The wait was stopped.\n" }[
      how
    ];
    return `${heading}${dashboard}`;
  },
});

function liveIds(state: NonNullable<SwarmState>): string[] {
  return state.workers.filter(isLive).map((worker) => worker.assignment.id);
}
