import type { PolicySettings } from "../core/routing/policy.ts";
import type { Config } from "./schema.ts";

/**
 * The configuration as the policy takes it. What
 * `local` is comes from `model` alone: an entry of that name cannot make another host look like the house.
 */
export function policySettings(config: Pick<Config, "routing" | "model" | "threshold">): PolicySettings {
  const { routing: own, model, threshold } = config;
  const slash = model.indexOf("/");
  const local = model.slice(slash + 1);
  const inHouse = { hostProvider: model.slice(0, slash), models: { high: local, medium: local, low: local } };
  return {
    enabled: own.enabled,
    externalAllowed: own.external.enabled,
    primary: own.primary,
    autoDelegate: own.autoDelegate,
    hybridFrom: own.usageThreshold,
    threshold,
    tiers: Object.fromEntries(Object.entries(own.tiers).filter(([, providers]) => providers !== undefined)),
    fallback: own.fallback,
    preferPrimary: own.prefer.primary ?? own.preferClaude,
    preferSecondary: own.prefer.secondary ?? own.preferOpencode,
    overrides: own.overrides,
    rules: own.rules.map(({ name, when: conditions, then }) => ({ name, when: conditions, to: then })),
    providers: { ...own.providers, local: { ...own.providers.local, ...inHouse } },
    agents: own.agents,
  };
}
