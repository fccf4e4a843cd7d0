import type { Config } from "../src/config/schema.ts";
import { makePolicy } from "../src/core/routing/policy.ts";
import { LOCAL } from "../src/core/routing/providers.ts";

/** What is wrong with a configuration that leads outside from its first request on; undefined where nothing is. */
export function blockedFromTheStart({ routing }: Pick<Config, "routing">): string | undefined {
  const { primary } = makePolicy({ primary: routing.primary });
  if (!routing.enabled || routing.external.enabled || primary === LOCAL) return undefined;
  return `routing.primary is ${routing.primary}, which is outside, and routing.external.enabled is false. Set it to true in your own configuration, outside the repository, or make "local" the primary.`;
}
