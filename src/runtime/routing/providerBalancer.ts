import { decayedPressure, drawByWeight, ema, weightAfterErrors } from "../../core/routing/balance.ts";
import { BUILT_IN_PROVIDERS, LOCAL, providerId } from "../../core/routing/providers.ts";
import { plainAgentName, SPECIALISTS } from "../../core/routing/specialists.ts";

export type BalancingStrategy = "round-robin" | "weighted" | "latency" | "usage";

export interface BalancedProvider {
  weight?: number | undefined;
  /** Lower comes first where two are alike. */
  priority?: number | undefined;
  enabled?: boolean | undefined;
  /** Not looked at: which model it is follows from the tier. */
  models?: unknown;
}

export interface BalancerOptions {
  strategy?: BalancingStrategy;
  defaultStrategy?: BalancingStrategy;
  /** By default Claude, OpenAI and Gemini with the weights 3, 2 and 2. */
  providers?: Readonly<Record<string, BalancedProvider>>;
  /** Milliseconds since the epoch. */
  now?: () => number;
}

export interface SelectionContext {
  taskType?: "analysis" | "execution" | "creative" | undefined;
  agentType?: string | undefined;
  tokenEstimate?: number | undefined;
  excludeProviders?: readonly string[] | undefined;
}

export interface ProviderStats {
  /** Milliseconds; null where nothing was measured. */
  latencyAvg: number | null;
  usageTokens: number;
  requests: number;
  errors: number;
  /** Percent. */
  errorRate: number;
}

interface Entry {
  weight: number;
  priority: number;
  /** Place in the configuration. */
  place: number;
  enabled: boolean;
  latency: number | undefined;
  tokens: number;
  requests: number;
  errors: number;
  pressure: number;
  pressureAt: number;
  coolingUntil: number;
}

const OUTSIDE = BUILT_IN_PROVIDERS.filter(({ id }) => ["claude", "openai", "gemini"].includes(id));

/**
 * Picks one of several providers that would all do. It only picks: whether a provider may be used at all is the policy's
 * business. Providers that rest, are disabled or excluded are passed over; where nobody is left, the first name given is
 * returned by the `select…` methods, as there is nothing better.
 */
export class ProviderBalancer {
  private readonly strategy: BalancingStrategy;
  private readonly entries = new Map<string, Entry>();
  private readonly credits = new Map<string, number>();
  private readonly now: () => number;
  private lastRound: string | undefined;

  constructor(options: BalancerOptions = {}) {
    this.strategy = options.strategy ?? options.defaultStrategy ?? "weighted";
    this.now = options.now ?? Date.now;
    const given = options.providers ?? Object.fromEntries(OUTSIDE.map((provider) => [provider.id, provider]));
    for (const [name, provider] of Object.entries(given)) this.add(providerId(name), provider);
  }

  /** In turn, beginning with the first name given. */
  selectRoundRobin(names: readonly string[] = this.known()): string {
    const open = this.open(names);
    const last = this.lastRound === undefined ? -1 : names.map(providerId).indexOf(this.lastRound);
    // The turn goes on after the last one's place among all names, so that somebody's rest skips nobody else.
    const after = names.slice(last + 1).map(providerId);
    const next = after.find((name) => open.includes(name)) ?? open[0] ?? first(names);
    this.lastRound = next;
    return next;
  }

  /** By weight, without chance: 3:2:2 is 3:2:2 after every seven draws. Errors lower a weight for a while. */
  selectWeighted(names: readonly string[] = this.known()): string {
    return drawByWeight(this.open(names), (name) => this.weightNow(name), this.credits) ?? first(names);
  }

  /** The shortest average latency; one that was never measured comes first. */
  selectByLatency(names: readonly string[] = this.known()): string {
    return this.least(names, ({ latency }) => latency ?? -1);
  }

  /** The fewest tokens used. */
  selectByUsage(names: readonly string[] = this.known()): string {
    return this.least(names, ({ tokens }) => tokens);
  }

  /** One of `names`, by this balancer's own strategy. */
  selectAmong(names: readonly string[]): string {
    switch (this.strategy) {
      case "round-robin":
        return this.selectRoundRobin(names);
      case "weighted":
        return this.selectWeighted(names);
      case "latency":
        return this.selectByLatency(names);
      case "usage":
        return this.selectByUsage(names);
    }
  }

  /** @returns the provider and why. @throws RangeError where nobody is left. */
  selectProvider(
    strategy: BalancingStrategy = this.strategy,
    context: SelectionContext = {},
  ): { provider: string; reason: string } {
    const excluded = (context.excludeProviders ?? []).map(providerId);
    const left = this.known().filter((name) => this.enabled(name) && !excluded.includes(name));
    const names = this.fitting(left, context);
    if (names.length === 0)
      throw new RangeError(`No provider is left: all of ${this.known().join(", ")} are excluded or disabled.`);
    switch (strategy) {
      case "round-robin":
        return { provider: this.selectRoundRobin(names), reason: "Round-robin: the next in turn" };
      case "weighted": {
        const provider = this.selectWeighted(names);
        return { provider, reason: `Weighted: ${provider} has the weight ${round(this.weightNow(provider))}` };
      }
      case "latency": {
        const provider = this.selectByLatency(names);
        const latency = this.entry(provider).latency;
        const why = latency === undefined ? "not measured yet" : `${round(latency)} ms on average`;
        return { provider, reason: `Latency-based: ${why}` };
      }
      case "usage": {
        const provider = this.selectByUsage(names);
        return { provider, reason: `Usage-based: ${this.entry(provider).tokens} tokens so far` };
      }
    }
  }

  /** The provider for a piece of work, by this balancer's own strategy. */
  selectWithContext(context: SelectionContext = {}): string {
    return this.selectProvider(this.strategy, context).provider;
  }

  /** A request that was answered after `ms`. */
  recordLatency(provider: string, ms: number): void {
    if (!Number.isFinite(ms) || ms < 0)
      throw new RangeError(`A latency is a number of milliseconds from 0 on, not ${ms}.`);
    const entry = this.entry(provider);
    entry.latency = ema(entry.latency, ms);
    entry.requests += 1;
  }

  /** Adds tokens to what a provider has used. */
  recordUsage(provider: string, tokens: number): void {
    this.entry(provider).tokens += tokens;
  }

  /** Sets what a provider has used. */
  updateTokenUsage(provider: string, tokens: number): void {
    this.entry(provider).tokens = tokens;
  }

  /** A request that failed. With `retryAfterMs` the provider rests exactly so long. */
  recordError(provider: string, { retryAfterMs }: { retryAfterMs?: number | undefined } = {}): void {
    const entry = this.entry(provider);
    const now = this.now();
    entry.requests += 1;
    entry.errors += 1;
    entry.pressure = decayedPressure(entry.pressure, now - entry.pressureAt) + 1;
    entry.pressureAt = now;
    if (retryAfterMs !== undefined) entry.coolingUntil = Math.max(entry.coolingUntil, now + retryAfterMs);
  }

  /** Plain data, as JSON takes it. */
  getStats() {
    const providers: Record<string, ProviderStats> = {};
    const latencies: Record<string, number | null> = {};
    const summary = { strategy: this.strategy, requests: 0, errors: 0, tokens: 0, errorRate: 0 };
    for (const [name, { latency, tokens, requests, errors }] of this.entries) {
      const latencyAvg = latency ?? null;
      providers[name] = { latencyAvg, usageTokens: tokens, requests, errors, errorRate: rate(errors, requests) };
      latencies[name] = latencyAvg;
      summary.requests += requests;
      summary.errors += errors;
      summary.tokens += tokens;
    }
    summary.errorRate = rate(summary.errors, summary.requests);
    return { providers, summary, latencies };
  }

  /** Deep work asks for those that come first by priority, where they are as free as others. */
  private fitting(names: readonly string[], { taskType, agentType }: SelectionContext): readonly string[] {
    const high = agentType !== undefined && (SPECIALISTS.high as readonly string[]).includes(plainAgentName(agentType));
    if (!high && taskType !== "analysis") return names;
    const open = this.open(names).filter((name) => name !== LOCAL || names.length === 1);
    if (open.length === 0 || this.strategy !== "weighted") return names;
    const best = Math.min(...open.map((name) => this.entry(name).priority));
    return open.filter((name) => this.entry(name).priority === best);
  }

  private least(names: readonly string[], measure: (entry: Entry) => number): string {
    const open = this.open(names);
    const sorted = [...open].sort((a, b) => {
      const [one, other] = [this.entry(a), this.entry(b)];
      return measure(one) - measure(other) || one.priority - other.priority || one.place - other.place;
    });
    return sorted[0] ?? first(names);
  }

  private open(names: readonly string[]): string[] {
    const now = this.now();
    return names.map(providerId).filter((name) => this.enabled(name) && this.entry(name).coolingUntil <= now);
  }

  private enabled(name: string): boolean {
    return this.entry(name).enabled;
  }

  private weightNow(name: string): number {
    const { weight, pressure, pressureAt } = this.entry(name);
    return weightAfterErrors(weight, decayedPressure(pressure, this.now() - pressureAt));
  }

  private known(): string[] {
    return [...this.entries.keys()];
  }

  private entry(name: string): Entry {
    const id = providerId(name);
    return this.entries.get(id) ?? this.add(id, {});
  }

  private add(name: string, { weight = 1, priority = 9, enabled = true }: BalancedProvider): Entry {
    const entry: Entry = {
      weight,
      priority,
      enabled,
      place: this.entries.size,
      latency: undefined,
      tokens: 0,
      requests: 0,
      errors: 0,
      pressure: 0,
      pressureAt: 0,
      coolingUntil: 0,
    };
    this.entries.set(name, entry);
    return entry;
  }
}

function first(names: readonly string[]): string {
  const [name] = names;
  if (name === undefined) throw new RangeError("There is no provider to choose from: the list of names is empty.");
  return providerId(name);
}

const round = (value: number) => Math.round(value * 100) / 100;
const rate = (errors: number, requests: number) => (requests === 0 ? 0 : round((errors / requests) * 100));
