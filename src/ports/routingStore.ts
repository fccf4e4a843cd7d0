import type { FusionState } from "../core/routing/fusionState.ts";
import type { LimitWindow } from "../core/routing/limits/window.ts";

/** What routing keeps between processes. Reading throws where something is there that cannot be used. */
export interface RoutingStore {
  limits(): Promise<LimitWindow[]>;
  saveLimits(windows: readonly LimitWindow[]): Promise<void>;
  fusion(): Promise<FusionState>;
  saveFusion(state: FusionState): Promise<void>;
}
