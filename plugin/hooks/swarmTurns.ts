import { watchLoad } from "../../src/adapters/modelServer/watchLoad.ts";
import { egress } from "../../src/core/gate/egress.ts";
import type { BudgetMode } from "../../src/core/schedule/budget.ts";
import type { AdmissionSettings } from "../../src/core/schedule/model.ts";
import type { Reading } from "../../src/core/view/gauges.ts";
import { doing } from "../../src/core/workflow/doing.ts";
import { workerOfSession } from "../../src/core/workflow/state.ts";
import { GpuTurns } from "../../src/runtime/admission/gpuTurns.ts";
import { ServerQueues, type WatchLoad } from "../../src/runtime/admission/serverQueues.ts";
import type { SwarmServices } from "../../src/runtime/services.ts";
import { WaitingTitles } from "./waitingTitles.ts";

export interface SwarmAdmission extends AdmissionSettings {
  /** Whether the house's servers schedule by priority. */
  byPriority: boolean;
}

const MODES: Readonly<Record<BudgetMode, string>> = {
  metrics: "are back: the swarm goes by them again",
  "no-metrics": "cannot be read",
  stale: "stopped coming",
  implausible: "cannot be true",
};

/**
 * The turns of one project's swarm. Who waits longer than a moment is shown in the session's title and on the dashboard.
 * @param hosts the house's own model servers beside those on this machine
 * @param seen gets the metrics of a server in use
 */
export function swarmTurns(
  services: SwarmServices,
  { byPriority, ...settings }: SwarmAdmission,
  hosts: readonly string[],
  seen: (baseUrl: string, reading: Reading) => void,
): GpuTurns {
  const titles = new WaitingTitles(services.sessions, services.log);
  const world = {
    now: () => services.now(),
    after(ms: number, call: () => void) {
      const timer = setTimeout(call, ms);
      timer.unref();
      return () => clearTimeout(timer);
    },
  };
  const watch: WatchLoad = (url, tell) => watchLoad(url, tell, (reading) => seen(url, reading));
  const waits = (session: string, ahead: number | undefined) => {
    titles.waits(session, ahead);
    const worker = services.swarm.state && workerOfSession(services.swarm.state, session);
    if (!worker) return;
    const { id } = worker.assignment;
    const now = ahead === undefined ? doing.thinking : doing.waitsForGpu(ahead);
    const { ahead: _before, ...rest } = services.live.get(id) ?? {};
    services.live.set(id, { ...rest, doing: now, ...(ahead === undefined ? {} : { ahead }) });
  };
  const modeIs = (baseUrl: string, mode: BudgetMode, requests: number) => {
    const text = `The metrics of ${baseUrl} ${MODES[mode]}${mode === "metrics" ? "" : `: ${requests} requests at once (vllm.batch) until they are back`}.`;
    services.log(text);
    services.sessions
      .notice(text, mode === "metrics" ? "info" : "warning")
      .catch((error: unknown) => services.log("no screen for a notice", error));
  };
  const queues = new ServerQueues(settings, world, watch, waits, modeIs);
  return new GpuTurns(
    queues,
    (session) => services.swarm.state?.id ?? session,
    (url) => egress(url, hosts).kind === "allowed",
    byPriority,
  );
}
