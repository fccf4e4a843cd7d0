import { BUILT_IN_PROVIDERS, LOCAL, type Provider, providerId, type RoutedModel, type Surface } from "./providers.ts";
import { AgentRules, meansAgent, type RoutingRule, type Target } from "./rules.ts";
import { agentTiers, type Tier } from "./specialists.ts";

/** What a configuration may change of a provider, or say of a new one. */
export interface ProviderSettings {
  name?: string | undefined;
  surface?: Surface | undefined;
  hostProvider?: string | undefined;
  models?: { high?: string | undefined; medium?: string | undefined; low?: string | undefined } | undefined;
  weight?: number | undefined;
  priority?: number | undefined;
  enabled?: boolean | undefined;
  price?: { input: number; output: number } | undefined;
}

/** What a policy is made of; names may be aliases. Everything left out is the default. */
export interface PolicySettings {
  enabled?: boolean;
  externalAllowed?: boolean;
  primary?: string;
  autoDelegate?: boolean;
  /** Percent at which the hybrid zone begins. */
  hybridFrom?: number;
  /** Percent at which the primary counts as full. */
  threshold?: number;
  tiers?: Partial<Record<Tier, readonly string[]>>;
  fallback?: readonly string[] | undefined;
  preferPrimary?: readonly string[];
  preferSecondary?: readonly string[];
  overrides?: Readonly<Record<string, Target>>;
  rules?: readonly RoutingRule[];
  providers?: Readonly<Record<string, ProviderSettings>>;
  agents?: Readonly<Record<string, Tier>>;
}

/** An agent as the policy sees it. */
export interface KnownAgent {
  name: string;
  tier: Tier;
  prefers: "primary" | "secondary" | undefined;
  override: Target | undefined;
  rules: AgentRules;
}

/** A policy made ready: everything that does not change between two decisions is looked up once. */
export interface RoutingPolicy {
  enabled: boolean;
  externalAllowed: boolean;
  primary: string;
  autoDelegate: boolean;
  hybridFrom: number;
  threshold: number;
  /** Providers a mode sends each tier to; none means that it stays on the primary. */
  tiers: Readonly<Record<Tier, readonly string[]>>;
  /** The same where the primary is full: the best tier leaves too. */
  away: Readonly<Record<Tier, readonly string[]>>;
  fallback: readonly string[];
  providers: ReadonlyMap<string, Provider>;
  agents: ReadonlyMap<string, KnownAgent>;
}

export const DEFAULT_PREFER_PRIMARY: readonly string[] = ["architect", "executor-high", "critic", "planner"];
export const DEFAULT_PREFER_SECONDARY: readonly string[] = ["explore", "researcher", "writer"];

/** Where work goes by default beside a primary that is outside: the local model is the last resort. */
const CHAIN: readonly string[] = ["openai", "gemini", LOCAL];
/** Percent: the zones of the `auto` mode. */
export const HYBRID_FROM = 70;
export const THRESHOLD = 90;

/**
 * Makes a policy ready. A provider that no registry entry describes is taken as an OpenAI surface of that name, so that a
 * name cannot get around the rule about what is outside: all but `local` is.
 */
export function makePolicy(settings: PolicySettings = {}): RoutingPolicy {
  const primary = providerId(settings.primary ?? LOCAL);
  const providers = registry(settings.providers ?? {});
  const tiers = byTier(primary, settings.tiers ?? {});
  const named = [primary, ...Object.values(tiers).flat(), ...(settings.fallback ?? CHAIN).map(providerId)];
  const pins = [...Object.values(settings.overrides ?? {}), ...(settings.rules ?? []).map(({ to }) => to)];
  for (const id of [...named, ...pins.map((pin) => providerId(pin.provider))])
    if (!providers.has(id)) providers.set(id, unlisted(id));
  const fallback =
    settings.fallback?.map(providerId) ?? (primary === LOCAL ? [] : CHAIN.filter((id) => id !== primary));
  const high = tiers.high.length > 0 ? tiers.high : tiers.medium;
  return {
    enabled: settings.enabled ?? true,
    externalAllowed: settings.externalAllowed ?? false,
    primary,
    autoDelegate: settings.autoDelegate ?? true,
    hybridFrom: settings.hybridFrom ?? HYBRID_FROM,
    threshold: settings.threshold ?? THRESHOLD,
    tiers,
    away: { ...tiers, high },
    fallback,
    providers,
    agents: knownAgents(settings),
  };
}

function byTier(primary: string, own: Partial<Record<Tier, readonly string[]>>): Record<Tier, readonly string[]> {
  const defaults: Record<Tier, readonly string[]> =
    primary === LOCAL ? { high: [], medium: [], low: [] } : { high: [], medium: ["openai"], low: ["gemini"] };
  const of = (tier: Tier) => {
    const given = own[tier];
    const names = given && given.length > 0 ? given.map(providerId) : defaults[tier];
    return names.filter((name) => name !== primary);
  };
  return { high: of("high"), medium: of("medium"), low: of("low") };
}

function registry(own: Readonly<Record<string, ProviderSettings>>): Map<string, Provider> {
  const all = new Map(BUILT_IN_PROVIDERS.map((provider) => [provider.id, provider]));
  for (const [name, change] of Object.entries(own)) {
    const id = providerId(name);
    all.set(id, changed(all.get(id) ?? unlisted(id), change));
  }
  return all;
}

function unlisted(id: string): Provider {
  const model = { id, name: id };
  return {
    id,
    name: id,
    surface: "openai",
    hostProvider: id,
    models: { high: model, medium: model, low: model },
    weight: 1,
    priority: 9,
    enabled: true,
  };
}

function changed(provider: Provider, change: ProviderSettings): Provider {
  const model = (tier: Tier): RoutedModel => {
    const id = change.models?.[tier];
    return id === undefined ? provider.models[tier] : { id, name: id };
  };
  return {
    id: provider.id,
    name: change.name ?? provider.name,
    surface: change.surface ?? provider.surface,
    hostProvider: change.hostProvider ?? provider.hostProvider,
    models: { high: model("high"), medium: model("medium"), low: model("low") },
    weight: change.weight ?? provider.weight,
    priority: change.priority ?? provider.priority,
    enabled: change.enabled ?? provider.enabled,
    price: change.price ?? provider.price,
  };
}

function knownAgents(settings: PolicySettings): Map<string, KnownAgent> {
  const primary = new Set(settings.preferPrimary ?? DEFAULT_PREFER_PRIMARY);
  const secondary = new Set(settings.preferSecondary ?? DEFAULT_PREFER_SECONDARY);
  const overrides = new Map(Object.entries(settings.overrides ?? {}).map(([name, to]) => [name, canonical(to)]));
  const rules = (settings.rules ?? []).map((rule) => ({ ...rule, to: canonical(rule.to) }));
  const agents = new Map<string, KnownAgent>();
  for (const [name, tier] of agentTiers(settings.agents)) {
    const prefers = primary.has(name) ? "primary" : secondary.has(name) ? "secondary" : undefined;
    const mine = new AgentRules(rules.filter((rule) => meansAgent(rule, name)));
    agents.set(name, { name, tier, prefers, override: overrides.get(name), rules: mine });
  }
  return agents;
}

function canonical(target: Target): Target {
  return { ...target, provider: providerId(target.provider) };
}
