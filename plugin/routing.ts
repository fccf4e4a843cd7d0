import { RoutingLog } from "../src/adapters/routing/routingLog.ts";
import { RoutingState } from "../src/adapters/routing/routingState.ts";
import { policySettings } from "../src/config/policySettings.ts";
import type { Config } from "../src/config/schema.ts";
import { stateHome } from "../src/config/stateHome.ts";
import { makePolicy } from "../src/core/routing/policy.ts";
import { LOCAL } from "../src/core/routing/providers.ts";
import { ProviderBalancer } from "../src/runtime/routing/providerBalancer.ts";
import { RoutingDesk } from "../src/runtime/routing/routingDesk.ts";

/** The swarm's routing desk, with the user's state directory behind it. Reads nothing before it is asked. */
export function routingDesk(
  config: Config,
  world: {
    env: Readonly<Record<string, string | undefined>>;
    home: string;
    log(message: string, error?: unknown): void;
  },
): RoutingDesk {
  const policy = makePolicy(policySettings(config));
  const dir = stateHome(world.env, world.home);
  const routes = new RoutingLog(dir);
  const strategy = config.routing.balancingStrategy;
  const balancer = new ProviderBalancer({ strategy, providers: Object.fromEntries(policy.providers) });
  return new RoutingDesk(policy, config.fusionDefault, {
    store: new RoutingState(dir),
    now: () => Date.now(),
    pick: (names) => balancer.selectAmong(names),
    record: (entry) => {
      try {
        routes.append(entry);
      } catch (error) {
        world.log("the routing log cannot be written", error);
      }
    },
    log: world.log,
  });
}

/** What is wrong with a configuration that leads outside from its first request on; undefined where nothing is. */
export function blockedFromTheStart({ routing }: Pick<Config, "routing">): string | undefined {
  const { primary } = makePolicy({ primary: routing.primary });
  if (!routing.enabled || routing.external.enabled || primary === LOCAL) return undefined;
  return `routing.primary is ${routing.primary}, which is outside, and routing.external.enabled is false. Set it to true in your own configuration, outside the repository, or make "local" the primary.`;
}
