import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { readMetrics } from "./adapters/modelServer/metricsPoller.ts";
import { RoutingLog } from "./adapters/routing/routingLog.ts";
import { RoutingState } from "./adapters/routing/routingState.ts";
import { askUsageEndpoints } from "./adapters/routing/usageEndpoints.ts";
import { policySettings } from "./config/policySettings.ts";
import { renderProblem } from "./config/problem.ts";
import { readConfig } from "./config/read.ts";
import type { Config } from "./config/schema.ts";
import { stateHome } from "./config/stateHome.ts";
import { readLocalLoad } from "./core/routing/limits/local.ts";
import type { LimitReading } from "./core/routing/limits/window.ts";
import { makePolicy } from "./core/routing/policy.ts";
import type { PolicyAnswer, PolicyQuestion } from "./ports/policyDesk.ts";
import { ProviderBalancer } from "./runtime/routing/providerBalancer.ts";
import { RoutingDesk } from "./runtime/routing/routingDesk.ts";

/** What a desk needs of the process it is in. */
export interface PolicyDeskPlace {
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  /** Notes for the operator. */
  log(message: string, error?: unknown): void;
  /** Where the local model server is; its load is read where it is the primary. */
  localServer?: () => string | undefined;
}

/** A decision needs the server's answer: one that takes longer than this is as good as none (ms). */
const LOAD_TIMEOUT_MS = 1_000;

/**
 * The routing desk of this process, with the user's state directory behind it: the one composition that the plugin, the
 * command line and jobs share. Reads nothing before it is asked, and starts nothing.
 */
export function policyDesk(config: Config, place: PolicyDeskPlace): RoutingDesk {
  const policy = makePolicy(policySettings(config));
  const dir = stateHome(place.env, place.home);
  const routes = new RoutingLog(dir);
  const { balancingStrategy: strategy, external } = config.routing;
  const balancer = new ProviderBalancer({ strategy, providers: Object.fromEntries(policy.providers) });
  const poll = external.enabled ? external.usagePoll_s : undefined;
  return new RoutingDesk(policy, config.fusionDefault, {
    store: new RoutingState(dir),
    now: () => Date.now(),
    pick: (names) => balancer.selectAmong(names),
    did: (provider, what) => {
      if ("tokens" in what) balancer.recordUsage(provider, what.tokens);
      else if ("latencyMs" in what) balancer.recordLatency(provider, what.latencyMs);
      else balancer.recordError(provider, what);
    },
    record: (entry) => {
      try {
        routes.append(entry);
      } catch (error) {
        place.log("the routing log cannot be written", error);
      }
    },
    log: place.log,
    sources: {
      localLoad: () => localLoad(place.localServer?.()),
      ...(poll === undefined
        ? {}
        : {
            endpoints: {
              everyMs: poll * 1000,
              ask: () =>
                askUsageEndpoints({
                  env: place.env,
                  allowHosts: config.security.allowHosts,
                  refused: (reason) => place.log(`a usage endpoint gave nothing: ${reason}`),
                }),
            },
          }),
    },
  });
}

async function localLoad(baseUrl: string | undefined): Promise<LimitReading> {
  if (baseUrl === undefined) return { ok: false, reason: "nobody said where the model server is" };
  const reading = await readMetrics({ baseUrl, timeoutMs: LOAD_TIMEOUT_MS });
  return reading.ok ? readLocalLoad(reading.snapshot, reading.at) : reading;
}

/**
 * Asks the policy as configured for this user and project: one question, for a program that has no desk of its own.
 *
 * @param place.projectDir whose aegis.jsonc counts; the current directory by default
 * @throws Error where the configuration is not valid; ExternalBlocked, UnknownAgent, NobodyLeft as the desk does
 */
export async function askPolicy(
  question: PolicyQuestion,
  place: { projectDir?: string; env?: Readonly<Record<string, string | undefined>>; home?: string } = {},
): Promise<PolicyAnswer> {
  const { projectDir = process.cwd(), env = process.env, home = homedir() } = place;
  const readFile = (file: string) => (existsSync(file) ? readFileSync(file, "utf8") : undefined);
  const read = readConfig({ projectDir, env, home, readFile });
  if (!read.ok) throw new Error(`The configuration is not valid:\n${read.problems.map(renderProblem).join("\n")}`);
  const log = (message: string, error?: unknown) =>
    void process.emitWarning(error instanceof Error ? `${message}: ${error.message}` : message);
  return policyDesk(read.config, { env, home, log }).ask(question);
}
