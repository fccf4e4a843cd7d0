import type { RouteQuestion } from "../../../src/core/routing/decideRoute.ts";
import { decideRoute } from "../../../src/core/routing/decideRoute.ts";
import type { RoutingHealth } from "../../../src/core/routing/health.ts";
import type { PolicySettings, RoutingPolicy } from "../../../src/core/routing/policy.ts";
import { makePolicy } from "../../../src/core/routing/policy.ts";
import type { Verdict } from "../../../src/core/routing/verdict.ts";

/** A team that has Claude first and may use what is outside. */
export const CLAUDE: PolicySettings = { primary: "claude", externalAllowed: true };

/** Utilisation in percent as the health of providers. */
export function used(percents: Record<string, number>, more: Partial<RoutingHealth> = {}): RoutingHealth {
  const providers = Object.fromEntries(Object.entries(percents).map(([id, percent]) => [id, { percent }]));
  return { providers, ...more };
}

export function ask(
  settings: PolicySettings | RoutingPolicy,
  question: Partial<RouteQuestion> & { agent: string },
  health: RoutingHealth = used({}),
): Verdict {
  const policy =
    "agents" in settings && settings.agents instanceof Map
      ? (settings as RoutingPolicy)
      : makePolicy(settings as PolicySettings);
  return decideRoute(policy, health, { mode: "off", session: "s1", ...question });
}

/** The part of a verdict that most tests compare: provider and code, or what stopped it. */
export function gist(verdict: Verdict): string {
  if (verdict.kind === "routed") return `${verdict.provider} ${verdict.reason.code}`;
  return verdict.kind === "blocked" ? `blocked ${verdict.wanted}` : `unknown ${verdict.agent}`;
}
