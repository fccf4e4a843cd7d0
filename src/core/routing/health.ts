import { limitReached } from "./hysteresis.ts";
import type { RoutingPolicy } from "./policy.ts";
import { LOCAL } from "./providers.ts";

/** How one provider is. */
export interface ProviderHealth {
  /** Percent of its fullest known window; absent where unknown, which is not 0. */
  percent?: number | undefined;
  /** Whether its limit counts as reached (with hysteresis). Without it, it does from the threshold on. */
  full?: boolean | undefined;
  /** It rests after a failure. */
  cooling?: boolean | undefined;
}

/** How things are at the moment of a decision. */
export interface RoutingHealth {
  /** Why the fallback is active; absent where it is not. */
  fallback?: string | undefined;
  providers: Readonly<Record<string, ProviderHealth>>;
  /** Picks one of several that fit; the first by default. */
  pick?: (names: readonly string[]) => string;
}

/** What is known of a provider nobody has heard of. */
export const NOTHING: ProviderHealth = {};

/** Whether a provider's limit counts as reached. */
export function isFull(policy: RoutingPolicy, health: ProviderHealth): boolean {
  return health.full ?? limitReached(false, health.percent, policy.threshold);
}

/** Enabled, not resting, not full, not just failed; the local model is never full for others: it is the last resort. */
export function free(policy: RoutingPolicy, health: RoutingHealth, id: string, exclude: readonly string[]): boolean {
  const { enabled = true } = policy.providers.get(id) ?? {};
  const own = health.providers[id] ?? NOTHING;
  if (!enabled || own.cooling === true || exclude.includes(id)) return false;
  return id === LOCAL || !isFull(policy, own);
}

/** The first of `names` that can take work; never the primary, which is what the work leaves. */
export function firstFree(
  policy: RoutingPolicy,
  health: RoutingHealth,
  names: readonly string[],
  exclude: readonly string[],
): string | undefined {
  for (const name of names) {
    if (name !== policy.primary && free(policy, health, name, exclude)) return name;
  }
  return undefined;
}

/** One of `names` that can take work: the balancer's pick where several can. */
export function pickFree(
  policy: RoutingPolicy,
  health: RoutingHealth,
  names: readonly string[],
  exclude: readonly string[],
): string | undefined {
  if (names.length <= 1 || health.pick === undefined) return firstFree(policy, health, names, exclude);
  const open = names.filter((name) => free(policy, health, name, exclude));
  return open.length === 0 ? undefined : health.pick(open);
}
