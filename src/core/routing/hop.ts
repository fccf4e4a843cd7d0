import { decideRoute, type RouteQuestion } from "./decideRoute.ts";
import type { RoutingHealth } from "./health.ts";
import type { RoutingPolicy } from "./policy.ts";
import type { RouteStep, Verdict } from "./verdict.ts";

/** Everybody who might have done it has failed or rests. */
export interface Exhausted {
  kind: "exhausted";
  failed: readonly string[];
}

/**
 * Where a piece of work goes after `failed` have failed it. The hop is decided like any other piece of work, with those
 * left out: no preference or mode sends it back to one of them.
 */
export function nextHop(
  policy: RoutingPolicy,
  health: RoutingHealth,
  question: RouteQuestion,
  failed: readonly string[],
  trace?: RouteStep[],
): Verdict | Exhausted {
  const verdict = decideRoute(policy, health, { ...question, exclude: failed }, trace);
  return verdict.kind === "routed" && failed.includes(verdict.provider) ? { kind: "exhausted", failed } : verdict;
}
