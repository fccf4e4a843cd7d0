import type { FusionState } from "./fusionState.ts";
import type { ProviderHealth, RoutingHealth } from "./health.ts";
import { limitReached } from "./hysteresis.ts";
import { usageOf } from "./limits/usage.ts";
import type { LimitWindow } from "./limits/window.ts";
import type { RoutingPolicy } from "./policy.ts";

/**
 * How things are, from what is kept: limits with their hysteresis, rests, and the fallback while its time has not passed.
 *
 * @returns the health, and which providers count as full, to be kept for the next time
 */
export function currentHealth(
  policy: RoutingPolicy,
  state: FusionState,
  windows: readonly LimitWindow[],
  now: number,
): { health: RoutingHealth; full: string[] } {
  const providers: Record<string, ProviderHealth> = {};
  const full: string[] = [];
  for (const id of policy.providers.keys()) {
    const { percent } = usageOf(id, windows, policy.threshold, now);
    const isFull = limitReached(state.full.includes(id), percent, policy.threshold);
    const cooling = state.cooldowns.some((rest) => rest.provider === id && rest.until > now);
    if (isFull) full.push(id);
    if (percent !== undefined || cooling) providers[id] = { percent, full: isFull, cooling };
  }
  const { fallback } = state;
  const active = fallback !== undefined && (fallback.until === undefined || fallback.until > now);
  return { health: { providers, fallback: active ? fallback.why : undefined }, full };
}
