import { routingLogLines } from "../../adapters/routing/routingLog.ts";
import { RoutingState, RoutingStateError } from "../../adapters/routing/routingState.ts";
import { describedProviders } from "../../config/namedProviders.ts";
import { policySettings } from "../../config/policySettings.ts";
import type { Config } from "../../config/schema.ts";
import { stateHome } from "../../config/stateHome.ts";
import { makePolicy, type PolicySettings, type RoutingPolicy } from "../../core/routing/policy.ts";
import { providerId } from "../../core/routing/providers.ts";
import { type RoutingTally, tallyRoutes } from "../../core/routing/tally.ts";
import { ProviderBalancer } from "../../runtime/routing/providerBalancer.ts";
import { homeOf, soundConfig } from "../config/load.ts";
import { CliFailure } from "../failure.ts";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";

export interface LoadedRouting {
  config: Config;
  policy: RoutingPolicy;
  /** A fresh balancer's pick, by the configured strategy. */
  picker(): (names: readonly string[]) => string;
}

/** The policy as configured, with what flags say over it. @throws CliFailure where the configuration is not sound, or `more.primary` is nobody. */
export async function loadRouting(io: Io, more: PolicySettings = {}): Promise<LoadedRouting> {
  const { config } = await soundConfig(io);
  if (more.primary !== undefined) describedOrFail(io, config, more.primary);
  const policy = makePolicy({ ...policySettings(config), ...more });
  return { config, policy, picker: () => pickerOf(policy, config.routing.balancingStrategy) };
}

/** @throws CliFailure exit 2 where nothing describes a provider of that name. */
export function describedOrFail(io: Io, config: Config, name: string): void {
  const described = describedProviders(config.routing);
  if (described.includes(providerId(name))) return;
  throw new CliFailure(say(io.lang, "route.unknownProvider", { name }), {
    exitCode: 2,
    next: say(io.lang, "route.unknownProvider.next", { names: described.join(", ") }),
    data: { provider: name },
  });
}

function pickerOf(policy: RoutingPolicy, strategy: Config["routing"]["balancingStrategy"]) {
  const balancer = new ProviderBalancer({ strategy, providers: Object.fromEntries(policy.providers) });
  return (names: readonly string[]) => balancer.selectAmong(names);
}

/** The routing's state files of this user. */
export function routingState(io: Io): RoutingState {
  return new RoutingState(stateHome(io.env, homeOf(io)));
}

/** What the routing log of this user adds up to. */
export function routingTally(io: Io): RoutingTally {
  return tallyRoutes(routingLogLines(stateHome(io.env, homeOf(io))));
}

/** Runs what reads or writes state; a file that cannot be used becomes a failure with what to do. */
export async function withState<T>(io: Io, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RoutingStateError)
      throw new CliFailure(error.message, { next: say(io.lang, "routing.state.next"), data: { path: error.path } });
    throw error;
  }
}
