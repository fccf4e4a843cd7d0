import { setTimeout as sleep } from "node:timers/promises";
import type { SwarmEvent } from "../../core/workflow/events.ts";
import { isOver, type Swarm } from "../../core/workflow/state.ts";
import type { Io } from "../io.ts";
import { newestSwarm, type SwarmPlace } from "./place.ts";

/** Milliseconds between two looks at the log. */
const LOOK_MS = 250;

/**
 * Tells `tell` of every change of the newest swarm until it is over; waits for one where there is none. Ends with the
 * abort's error on Ctrl-C.
 *
 * @param beside something else whose change is to be told
 */
export async function followSwarm(
  io: Io,
  place: SwarmPlace,
  tell: (now: { swarm: Swarm; events: readonly SwarmEvent[] }) => void | Promise<void>,
  beside: () => string = () => "",
): Promise<void> {
  let seen = "";
  for (;;) {
    const now = await newestSwarm(place);
    const key = now ? `${now.swarm.id} ${now.events.length} ${beside()}` : "";
    if (now && key !== seen) await tell(now);
    seen = key;
    if (now && isOver(now.swarm)) return;
    await sleep(LOOK_MS, undefined, { signal: io.signal });
  }
}
