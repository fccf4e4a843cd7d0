import { firstFree, free, isFull, NOTHING, pickFree, type RoutingHealth } from "./health.ts";
import { modeWish } from "./modeWish.ts";
import type { KnownAgent, RoutingPolicy } from "./policy.ts";
import { LOCAL } from "./providers.ts";
import type { Target } from "./rules.ts";
import { shareAway } from "./share.ts";
import { plainAgentName } from "./specialists.ts";
import type { FusionMode, Reason, RouteStep, Verdict } from "./verdict.ts";

/** One piece of work. */
export interface RouteQuestion {
  /** With or without a prefix. */
  agent: string;
  mode: FusionMode;
  session: string;
  /** The task's text, for rules. */
  task?: string;
  /** Minutes since local midnight, for rules. */
  minute?: number;
  /** Providers that just failed this piece of work: no hop goes back to them. */
  exclude?: readonly string[];
}

interface Chosen {
  target: Target;
  reason: Reason;
}

const NOBODY: readonly string[] = [];

/**
 * Decides which provider and model does a piece of work: fallback, then the primary's limit, then overrides, rules and
 * preferences, then the mode, then the primary. What it comes to is held against `routing.external.enabled` last.
 *
 * @param trace gets every step that was looked at, in order; a decision without it costs less
 */
export function decideRoute(
  policy: RoutingPolicy,
  health: RoutingHealth,
  question: RouteQuestion,
  trace?: RouteStep[],
): Verdict {
  const agent = policy.agents.get(question.agent) ?? policy.agents.get(plainAgentName(question.agent));
  if (agent === undefined) return { kind: "unknown-agent", agent: plainAgentName(question.agent) };
  trace?.push({ step: "agent", outcome: `${agent.name} is ${agent.tier.toUpperCase()}` });
  const chosen = policy.enabled
    ? choose(policy, health, question, agent, trace)
    : primaryOr(LOCAL, "default", "routing.enabled is false: the local model does everything");
  return bounded(policy, agent, chosen, trace);
}

/** The last word: nothing outside without the person's leave, whatever led there. */
function bounded(policy: RoutingPolicy, agent: KnownAgent, { target, reason }: Chosen, trace?: RouteStep[]): Verdict {
  const { provider } = target;
  const { tier, name } = agent;
  if (provider !== LOCAL && !policy.externalAllowed) {
    const detail = `${provider} is outside and routing.external.enabled is false (${reason.code}: ${reason.detail})`;
    trace?.push({ step: "external", outcome: `blocked: ${detail}` });
    return {
      kind: "blocked",
      rule: "routing.external.enabled",
      wanted: provider,
      tier,
      reason: { code: "external-blocked", detail },
      agent: name,
    };
  }
  trace?.push({ step: "external", outcome: provider === LOCAL ? "inside" : "allowed" });
  const model = target.model ?? policy.providers.get(provider)?.models[tier].id ?? provider;
  return { kind: "routed", route: provider !== policy.primary, provider, model, tier, reason, agent: name };
}

function choose(
  policy: RoutingPolicy,
  health: RoutingHealth,
  question: RouteQuestion,
  agent: KnownAgent,
  trace: RouteStep[] | undefined,
): Chosen {
  const { primary } = policy;
  const exclude = question.exclude ?? NOBODY;
  const primaryHealth = health.providers[primary] ?? NOTHING;
  const percent = primaryHealth.percent;
  const pin = pinOf(agent, question, percent);
  // Work that a person pinned elsewhere does not depend on the primary, so its limits do not move it; least of all outside.
  const pinnedAway =
    pin !== undefined && pin.target.provider !== primary && free(policy, health, pin.target.provider, exclude);

  const failing = health.fallback ?? (exclude.includes(primary) ? `${primary} failed this work` : undefined);
  if (failing === undefined) trace?.push({ step: "fallback", outcome: "not active" });
  else if (pinnedAway)
    trace?.push({ step: "fallback", outcome: `active, but the work is pinned to ${pin.target.provider}` });
  else {
    const next = firstFree(policy, health, policy.fallback, exclude);
    trace?.push({
      step: "fallback",
      outcome: next ? `active (${failing}): ${next}` : `active (${failing}), nobody left`,
    });
    if (next !== undefined) return primaryOr(next, "fallback", failing);
  }

  const full = isFull(policy, primaryHealth);
  if (!full) trace?.push({ step: "limit", outcome: limitText(primary, percent) });
  else if (pinnedAway)
    trace?.push({ step: "limit", outcome: `reached, but the work is pinned to ${pin.target.provider}` });
  else {
    const next =
      pickFree(policy, health, policy.away[agent.tier], exclude) ?? firstFree(policy, health, policy.fallback, exclude);
    trace?.push({ step: "limit", outcome: `${limitText(primary, percent)}: ${next ?? "nobody to take it"}` });
    if (next !== undefined) return primaryOr(next, "limit", `${primary}-limit-${percent ?? "?"}%`);
  }

  if (agent.override === undefined) trace?.push({ step: "override", outcome: "none" });
  if (pin === undefined) trace?.push({ step: "rule", outcome: "none holds" });
  else {
    const usable = pin.target.provider === primary || pinnedAway || pin.target.provider === LOCAL;
    const outcome = `${pin.reason.detail}: ${pin.target.provider}`;
    trace?.push({
      step: pin.reason.code === "rule" ? "rule" : "override",
      outcome: usable ? outcome : `${outcome} rests`,
    });
    if (usable) return pin;
  }
  return byMode(policy, health, question, agent, percent, trace) ?? stay(policy, trace);
}

function byMode(
  policy: RoutingPolicy,
  health: RoutingHealth,
  question: RouteQuestion,
  agent: KnownAgent,
  percent: number | undefined,
  trace: RouteStep[] | undefined,
): Chosen | undefined {
  const { mode } = question;
  const { primary, hybridFrom, threshold } = policy;
  if (mode === "off" || !policy.autoDelegate) {
    trace?.push({ step: "prefer", outcome: "no mode is on" });
    trace?.push({ step: "mode", outcome: mode === "off" ? "off" : `${mode}, but routing.autoDelegate is false` });
    return undefined;
  }
  const exclude = question.exclude ?? NOBODY;
  // Below the hybrid zone `auto` means the primary alone, an agent's preference included.
  const share = mode === "auto" ? shareAway(percent ?? 0, hybridFrom, threshold) : 1;
  const resting = mode === "auto" && (percent ?? 0) < hybridFrom;
  if (agent.prefers === "primary" && !resting) {
    trace?.push({ step: "prefer", outcome: `${agent.name} stays on the primary` });
    return primaryOr(primary, "prefer", `${agent.name} is in prefer.primary`);
  }
  const to = pickFree(policy, health, policy.tiers[agent.tier], exclude);
  if (agent.prefers === "secondary" && !resting && to !== undefined) {
    trace?.push({ step: "prefer", outcome: `${agent.name} goes to ${to}` });
    return primaryOr(to, "prefer", `${agent.name} is in prefer.secondary`);
  }
  trace?.push({ step: "prefer", outcome: "not listed" });
  const mapped = policy.tiers[agent.tier].length > 0;
  const decided = modeWish(mode, agent, { percent, share, session: question.session, from: hybridFrom, mapped });
  trace?.push({
    step: "mode",
    outcome: decided ? `${mode}: ${decided.detail}` : `${mode} does not move ${agent.name}`,
  });
  if (decided === undefined) return undefined;
  const { code, detail, away } = decided;
  if (!away) return primaryOr(primary, code, detail);
  return to === undefined ? primaryOr(primary, code, `${detail}; nobody to take it`) : primaryOr(to, code, detail);
}

function stay(policy: RoutingPolicy, trace: RouteStep[] | undefined): Chosen {
  trace?.push({ step: "default", outcome: policy.primary });
  return primaryOr(policy.primary, "default", `the primary, ${policy.primary}`);
}

function primaryOr(provider: string, code: Reason["code"], detail: string): Chosen {
  return { target: { provider }, reason: { code, detail } };
}

function pinOf(agent: KnownAgent, question: RouteQuestion, percent: number | undefined): Chosen | undefined {
  if (agent.override) {
    return { target: agent.override, reason: { code: "override", detail: `routing.overrides.${agent.name}` } };
  }
  if (agent.rules.none) return undefined;
  const facts = {
    mode: question.mode,
    task: (question.task ?? "").toLowerCase(),
    minute: question.minute,
    utilisation: percent,
  };
  const rule = agent.rules.first(facts);
  return rule && { target: rule.to, reason: { code: "rule", detail: `rule "${rule.name}"` } };
}

function limitText(primary: string, percent: number | undefined): string {
  return percent === undefined ? `${primary}: usage unknown, taken as available` : `${primary} at ${percent} %`;
}
