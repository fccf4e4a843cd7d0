import { readLive } from "../../adapters/view/liveFile.ts";
import { isFresh } from "../../core/view/liveState.ts";
import { liveViews } from "../../core/view/swarmView.ts";
import type { LiveView } from "../../core/workflow/dashboard.ts";

/**
 * What Workers do now, as the process that drives the swarm says; nothing where none does, or it drives another one.
 *
 * @param swarm its id, "" for whichever it is
 */
export function liveOf(stateDir: string, swarm: string): ReadonlyMap<string, LiveView> {
  const live = readLive(stateDir);
  if (!live || !isFresh(live, Date.now()) || (swarm !== "" && live.swarm !== swarm)) return new Map();
  return liveViews(live);
}
