import type { RoutingPolicy } from "../../core/routing/policy.ts";
import { LOCAL, providerId } from "../../core/routing/providers.ts";
import type { PolicyDesk } from "../../ports/policyDesk.ts";
import { messageOf } from "../../ports/thrown.ts";
import { UnknownAgent } from "../routing/routingErrors.ts";

/** One task that is about to run. */
export interface TargetQuestion {
  /** "auto" or "opencode" ask the policy; another name is the provider that the person wants. */
  provider: string;
  agent: string;
  task: string;
  /** The task's id: where a share of the work leaves, the same task always goes the same way. */
  session: string;
  /** Providers that failed it already. */
  failed: readonly string[];
}

export type Target =
  | { ok: true; provider: string; model: string /** As OpenCode names it: `provider/model`. */; hostModel: string }
  | { ok: false; reason: string };

/** Whether the policy picks the provider, and may pick another one after a failure. */
export function isFree(provider: string): boolean {
  const id = providerId(provider);
  return id === "auto" || id === "opencode";
}

/** Which provider and model does a task. One that was named is held to the policy's last word too: nothing outside unasked. */
export async function taskTarget(policy: RoutingPolicy, desk: PolicyDesk, question: TargetQuestion): Promise<Target> {
  const { provider, agent, ...rest } = question;
  if (!isFree(provider)) return namedTarget(policy, providerId(provider), agent);
  try {
    const { host, ...answer } = await desk.ask({ kind: "cli", agent, ...rest });
    return {
      ok: true,
      provider: answer.provider,
      model: answer.model,
      hostModel: `${host.providerID}/${host.modelID}`,
    };
  } catch (error) {
    // An agent of the project's own has no tier: it works where everything does that nobody moves.
    if (error instanceof UnknownAgent) return namedTarget(policy, policy.primary, agent);
    return { ok: false, reason: messageOf(error) };
  }
}

function namedTarget(policy: RoutingPolicy, id: string, agent: string): Target {
  const provider = policy.providers.get(id);
  if (provider === undefined) {
    const known = [...policy.providers.keys()].join(", ");
    return { ok: false, reason: `no provider is called "${id}"; known: ${known}` };
  }
  if (id !== LOCAL && !policy.externalAllowed)
    return {
      ok: false,
      reason: `routing.external.enabled is false: ${id} is outside. Allow it in your own configuration.`,
    };
  const model = provider.models[policy.agents.get(agent)?.tier ?? "medium"].id;
  return { ok: true, provider: id, model, hostModel: `${provider.hostProvider}/${model}` };
}
