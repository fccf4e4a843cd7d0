import type { RoutingPolicy } from "./policy.ts";
import { LOCAL } from "./providers.ts";

/**
 * The host's names of the providers outside that a policy can lead to; none where nothing outside is allowed. A host that
 * loads listed providers only has to list them.
 */
export function hostsNamed(policy: RoutingPolicy): string[] {
  if (!policy.enabled || !policy.externalAllowed) return [];
  const pins = [...policy.agents.values()].flatMap(({ override, rules }) => [
    ...(override ? [override.provider] : []),
    ...rules.targets,
  ]);
  const ids = new Set([policy.primary, ...Object.values(policy.tiers).flat(), ...policy.fallback, ...pins]);
  const hosts = [...ids].flatMap((id) => {
    const provider = policy.providers.get(id);
    return id === LOCAL || !provider?.enabled ? [] : [provider.hostProvider];
  });
  return [...new Set(hosts)];
}
