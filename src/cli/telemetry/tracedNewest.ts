import { TimelineReader } from "../../adapters/view/timelineReader.ts";
import { type ViewPlaces, ViewReader } from "../../adapters/view/viewReader.ts";
import type { Traced } from "../../core/trace/traceSpans.ts";

/** The newest swarm as its trace is made from; undefined where there was never one. @param now ms since the epoch */
export function tracedNewest(places: ViewPlaces, now: number): Traced | undefined {
  const reader = new ViewReader(places);
  reader.read(now);
  const { state: swarm, events, phases } = reader;
  if (!swarm || places.stateDir === undefined) return undefined;
  const timelines = new TimelineReader(places.stateDir);
  timelines.read(events);
  const { spans, knownLanes: lanes } = timelines.timeline;
  return { swarm, events, phases, lanes, spans };
}
