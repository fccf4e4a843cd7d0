import { currentHealth } from "../../core/routing/currentHealth.ts";
import { type Cooldown, withCooldown } from "../../core/routing/failure.ts";
import { type FusionState, NO_FUSION_STATE } from "../../core/routing/fusionState.ts";
import type { RoutingHealth } from "../../core/routing/health.ts";
import type { LimitReading, LimitWindow } from "../../core/routing/limits/window.ts";
import type { RoutingPolicy } from "../../core/routing/policy.ts";
import { LOCAL } from "../../core/routing/providers.ts";
import type { FusionMode } from "../../core/routing/verdict.ts";
import type { RoutingStore } from "../../ports/routingStore.ts";
import { LimitsFeed } from "./limitsFeed.ts";

/** Where limits come from that nobody tells by themselves. */
export interface LimitSources {
  /** The load of our own model server now. */
  localLoad?: (() => Promise<LimitReading>) | undefined;
  /** Asks the usage endpoints; and how often that may be (ms). */
  endpoints?: { everyMs: number; ask(): Promise<LimitWindow[]> } | undefined;
}

export interface PolicyStateWorld {
  store: RoutingStore;
  /** Milliseconds since the epoch. */
  now(): number;
  /** The primary's own time has come again. */
  recovered(why: string): void;
  /** Notes for the operator. */
  log(message: string, error?: unknown): void;
}

/**
 * What was switched, who rests and how full everybody is: in memory, because a failed request has to be judged at once, and
 * in the store, which other processes share. What cannot be read leaves what is known.
 */
export class PolicyState {
  /** Of the last reading; decisions take it as it is. */
  health: RoutingHealth = { providers: {} };
  /** Counts changes of limits, fallback and switches: what a kept decision was made under. */
  epoch = 0;
  private state: FusionState = NO_FUSION_STATE;
  private saving: Promise<void> = Promise.resolve();
  /** What is in memory could not be kept: it is newer than what the store says. */
  private unsaved = false;
  private askedAt = Number.NEGATIVE_INFINITY;
  private seen = "";
  private readonly feed: LimitsFeed;
  private readonly policy: RoutingPolicy;
  private readonly world: PolicyStateWorld;
  private readonly sources: LimitSources;

  constructor(policy: RoutingPolicy, world: PolicyStateWorld, sources: LimitSources) {
    this.policy = policy;
    this.world = world;
    this.sources = sources;
    this.feed = new LimitsFeed(world.store, world.log);
  }

  /** What is switched on for every session; undefined where nobody said. */
  get mode(): FusionMode | undefined {
    return this.state.mode;
  }

  hear(windows: readonly LimitWindow[]): void {
    this.feed.hear(windows, this.world.now());
  }

  /** Reads limits and switches anew. */
  async refresh(): Promise<void> {
    const now = this.world.now();
    await Promise.all([this.saving, this.lookAtServer(now)]);
    this.askEndpoints(now);
    try {
      const [limits, kept] = await Promise.all([
        this.feed.all(now),
        this.unsaved ? undefined : this.world.store.fusion(),
      ]);
      const state = kept ?? this.state;
      const { health, full } = currentHealth(this.policy, state, limits, now);
      const recovered = state.fallback?.until !== undefined && state.fallback.until <= now;
      const { fallback, ...rest } = state;
      const next = { ...rest, full, ...(recovered || fallback === undefined ? {} : { fallback }) };
      if (recovered) this.world.recovered(fallback?.why ?? "");
      if (recovered || full.join() !== state.full.join()) this.keep(next);
      else this.state = next;
      this.now(health);
    } catch (error) {
      this.world.log("routing keeps to what it knows: its state cannot be read", error);
    }
  }

  /** A provider rests; where it is the primary, the fallback is active for as long. @returns who rests now. */
  rest(cool: Cooldown): string[] {
    const now = this.world.now();
    const { provider, why } = cool;
    const cooldowns = withCooldown(this.state.cooldowns, cool, now);
    const own = provider === this.policy.primary && this.policy.fallback.length > 0;
    const until = cooldowns.find((rest) => rest.provider === provider)?.until ?? cool.until;
    const active = this.state.fallback;
    // A longer rest of the primary takes the place of a shorter one; what a person switched on ends by them alone.
    const outlasts = active === undefined || (active.until !== undefined && active.until < until);
    const fallback = own && outlasts ? { why: `${provider} ${why}`, since: active?.since ?? now, until } : active;
    this.keep({ ...this.state, cooldowns, ...(fallback ? { fallback } : {}) });
    this.now(currentHealth(this.policy, this.state, this.feed.known(), now).health);
    return cooldowns.filter(({ until: end }) => end > now).map((rest) => rest.provider);
  }

  /** Takes back what the command line switched for every session. */
  async clearMode(): Promise<void> {
    await this.refresh();
    const { mode, ...rest } = this.state;
    if (mode === undefined) return;
    this.keep(rest);
    await this.saving;
  }

  /** What was heard of a provider's limits in this process. */
  known(): readonly LimitWindow[] {
    return this.feed.known();
  }

  private now(health: RoutingHealth): void {
    const key = JSON.stringify([health, this.state.mode]);
    if (key !== this.seen) this.epoch += 1;
    this.seen = key;
    this.health = health;
  }

  /** Only where it can change anything: the local model is never too full to stand in for somebody else. */
  private async lookAtServer(now: number): Promise<void> {
    if (this.policy.primary !== LOCAL || !this.sources.localLoad) return;
    const reading = await this.sources.localLoad();
    if (reading.ok) this.feed.hear(reading.windows, now);
  }

  /** Not waited for: an endpoint may take its time, and the next decision has what it says. */
  private askEndpoints(now: number): void {
    const { endpoints } = this.sources;
    if (!endpoints || now - this.askedAt < endpoints.everyMs) return;
    this.askedAt = now;
    endpoints
      .ask()
      .then((windows) => this.hear(windows))
      .catch((error: unknown) => this.world.log("the usage endpoints cannot be asked", error));
  }

  private keep(state: FusionState): void {
    this.state = state;
    this.saving = this.saving
      .then(() => this.world.store.saveFusion(state))
      .then(() => {
        this.unsaved = false;
      })
      .catch((error: unknown) => {
        this.unsaved = true;
        this.world.log("routing's state cannot be kept", error);
      });
  }
}
