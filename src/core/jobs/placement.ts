import type { JobEstimate } from "./record.ts";

/**
 * Where a job runs: `foreground` waits for its end, `background` comes back at once (a person can say no), `offer` leaves it
 * to the person.
 */
export type JobPlacement = "foreground" | "offer" | "background";

/** `jobs.foregroundBelowMs` and `jobs.backgroundAboveMs`. */
export interface PlacementLimits {
  foregroundBelowMs: number;
  backgroundAboveMs: number;
}

/** By the median of the estimate. */
export function placementOf({ median_ms }: JobEstimate, limits: PlacementLimits): JobPlacement {
  if (median_ms < limits.foregroundBelowMs) return "foreground";
  return median_ms > limits.backgroundAboveMs ? "background" : "offer";
}
