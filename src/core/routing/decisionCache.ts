import { decideRoute, type RouteQuestion } from "./decideRoute.ts";
import type { RoutingHealth } from "./health.ts";
import type { RoutingPolicy } from "./policy.ts";
import { plainAgentName } from "./specialists.ts";
import type { Verdict } from "./verdict.ts";

const MOST = 512;

/**
 * Decisions that were made, the least recently used leaving first. Valid for one epoch: whoever changes limits, fallback or
 * configuration hands over a new one. What depends on more than agent, mode and utilisation is never kept: rules (task and
 * time), a balancer's pick, providers that just failed.
 */
export class DecisionCache {
  private readonly kept = new Map<string, Verdict>();
  private readonly most: number;
  private epoch: number | undefined;

  constructor(most: number = MOST) {
    this.most = most;
  }

  decide(policy: RoutingPolicy, health: RoutingHealth, question: RouteQuestion, epoch: number): Verdict {
    if (epoch !== this.epoch) {
      this.kept.clear();
      this.epoch = epoch;
    }
    const agent = policy.agents.get(plainAgentName(question.agent));
    const shared = health.pick !== undefined && Object.values(policy.tiers).some((names) => names.length > 1);
    if (agent === undefined || !agent.rules.none || shared || (question.exclude?.length ?? 0) > 0)
      return decideRoute(policy, health, question);
    const percent = health.providers[policy.primary]?.percent;
    // The share that `auto` sends away depends on the session, nothing else does.
    const session = question.mode === "auto" ? question.session : "";
    const key = `${agent.name}\u0000${question.mode}\u0000${percent ?? "?"}\u0000${session}`;
    const known = this.kept.get(key);
    if (known !== undefined) {
      this.kept.delete(key);
      this.kept.set(key, known);
      return known;
    }
    const verdict = decideRoute(policy, health, question);
    this.kept.set(key, verdict);
    if (this.kept.size > this.most) {
      const oldest = this.kept.keys().next().value;
      if (oldest !== undefined) this.kept.delete(oldest);
    }
    return verdict;
  }

  get size(): number {
    return this.kept.size;
  }
}
