import { watchLoad } from "../../src/adapters/modelServer/watchLoad.ts";
import { egress } from "../../src/core/gate/egress.ts";
import type { AdmissionSettings } from "../../src/core/schedule/model.ts";
import type { Reading } from "../../src/core/view/gauges.ts";
import { workerOfSession } from "../../src/core/workflow/state.ts";
import { GpuTurns } from "../../src/runtime/admission/gpuTurns.ts";
import { ServerQueues, type WatchLoad } from "../../src/runtime/admission/serverQueues.ts";
import type { SwarmServices } from "../../src/runtime/services.ts";
import { WaitingTitles } from "./waitingTitles.ts";

export interface SwarmAdmission extends AdmissionSettings {
  /** Whether the house's servers schedule by priority. */
  byPriority: boolean;
}

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
  const queues = new ServerQueues(settings, world, watch, (session, ahead) => {
    titles.waits(session, ahead);
    const worker = services.swarm.state && workerOfSession(services.swarm.state, session);
    if (!worker) return;
    const { id } = worker.assignment;
    const doing = ahead === undefined ? "thinking" : `waiting for the GPU (${ahead} ahead)`;
    const { ahead: _before, ...rest } = services.live.get(id) ?? {};
    services.live.set(id, { ...rest, doing, ...(ahead === undefined ? {} : { ahead }) });
  });
  return new GpuTurns(
    queues,
    (session) => services.swarm.state?.id ?? session,
    (url) => egress(url, hosts).kind === "allowed",
    byPriority,
  );
}
