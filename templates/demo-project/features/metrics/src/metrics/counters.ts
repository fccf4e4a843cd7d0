import type { Bus } from "../lib/bus.js";
import type { BoardEvent } from "../types.js";

export interface Metrics {
  /** Prometheus' text format. */
  text(): string;
}

/** Counts what happens on the board from the moment it is made. */
export function createMetrics(bus: Bus): Metrics {
  const counts: Record<BoardEvent["type"], number> = { posted: 0, changed: 0, removed: 0 };
  bus.subscribe((event) => {
    counts[event.type] += 1;
  });
  return {
    text() {
      const lines = Object.entries(counts).map(([type, count]) => `board_events_total{type="${type}"} ${count}`);
      const present = counts.posted - counts.removed;
      return ["# TYPE board_events_total counter", ...lines, "# TYPE board_notices gauge", `board_notices ${present}`, ""].join("\n");
    },
  };
}
