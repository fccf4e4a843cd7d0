import type { Role } from "../roles.ts";

/** How much model a piece of work needs. */
export type Tier = "high" | "medium" | "low";

export const TIERS: readonly Tier[] = ["high", "medium", "low"];

/** The specialists by tier: 13 that need the best model, 10 that need a good one, 12 that need a quick one. */
export const SPECIALISTS = {
  high: [
    "architect",
    "planner",
    "critic",
    "analyst",
    "executor-high",
    "explore-high",
    "designer-high",
    "qa-tester-high",
    "security-reviewer",
    "code-reviewer",
    "scientist-high",
    "researcher-high",
    "build-fixer-high",
  ],
  medium: [
    "architect-medium",
    "executor",
    "explore-medium",
    "researcher",
    "designer",
    "vision",
    "qa-tester",
    "scientist",
    "build-fixer",
    "tdd-guide",
  ],
  low: [
    "architect-low",
    "executor-low",
    "explore",
    "writer",
    "designer-low",
    "researcher-low",
    "security-reviewer-low",
    "build-fixer-low",
    "code-reviewer-low",
    "tdd-guide-low",
    "scientist-low",
    "qa-tester-low",
  ],
} as const satisfies Record<Tier, readonly string[]>;

/** Tiers of the swarm's own roles. */
export const ROLE_TIERS: Readonly<Record<Role, Tier>> = {
  commander: "high",
  worker: "medium",
  scout: "low",
  librarian: "low",
};

/**
 * Every agent the policy knows, by its plain name.
 *
 * @param own a team's agents and their tiers; they come before ours
 */
export function agentTiers(own: Readonly<Record<string, Tier>> = {}): Map<string, Tier> {
  const known = new Map<string, Tier>();
  for (const tier of TIERS) for (const name of SPECIALISTS[tier]) known.set(name, tier);
  for (const [role, tier] of Object.entries(ROLE_TIERS)) known.set(role, tier);
  for (const [name, tier] of Object.entries(own)) known.set(name, tier);
  return known;
}

/** The name without what a tool put before it: `oh-my-claudecode:architect` is `architect`. */
export function plainAgentName(name: string): string {
  const colon = name.lastIndexOf(":");
  return (colon === -1 ? name : name.slice(colon + 1)).trim().toLowerCase();
}
