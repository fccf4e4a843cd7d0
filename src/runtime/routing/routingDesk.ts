import type { FailureKind } from "../../core/gate/classifyFailure.ts";
import { currentHealth } from "../../core/routing/currentHealth.ts";
import { decideRoute } from "../../core/routing/decideRoute.ts";
import { afterFailure, type RouteFailure, routeFailureKind, withCooldown } from "../../core/routing/failure.ts";
import { type FusionState, NO_FUSION_STATE } from "../../core/routing/fusionState.ts";
import type { RoutingHealth } from "../../core/routing/health.ts";
import { nextHop } from "../../core/routing/hop.ts";
import type { RoutingPolicy } from "../../core/routing/policy.ts";
import { LOCAL } from "../../core/routing/providers.ts";
import type { FusionMode, Verdict } from "../../core/routing/verdict.ts";
import type { RoutingStore } from "../../ports/routingStore.ts";

/** Where a turn goes, in the host's words. */
export interface HostModel {
  providerID: string;
  modelID: string;
}

export interface DeskWorld {
  store: RoutingStore;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Picks one of several providers that fit. */
  pick(names: readonly string[]): string;
  /** Gets one line of the routing log. Must not throw. */
  record(entry: object): void;
  /** Notes for the operator. */
  log(message: string, error?: unknown): void;
}

/** A failed model request, as the model gate typed it. */
export interface FailedRequest {
  session: string;
  role: string;
  /** The host's name of the provider. */
  provider: string;
  failure: FailureKind;
  retryAfterMs?: number | undefined;
}

/** The configuration leads outside, and nothing outside is allowed. */
export class ExternalBlocked extends Error {
  override readonly name = "ExternalBlocked";

  constructor(detail: string) {
    super(
      `Stopped by routing.external.enabled: ${detail}. Allow it in your own configuration, outside the repository, or see \`oh-my-qwencoder route explain\`.`,
    );
  }
}

/**
 * Where the swarm's sessions ask which provider and model does their next turn. Holds what was switched and who rests in
 * memory, because a failed request has to be judged at once, and keeps it in the store.
 */
export class RoutingDesk {
  private state: FusionState = NO_FUSION_STATE;
  private health: RoutingHealth = { providers: {} };
  private readonly policy: RoutingPolicy;
  private readonly fusionDefault: boolean;
  private readonly world: DeskWorld;
  private saving: Promise<void> = Promise.resolve();
  /** What is in memory could not be kept: it is newer than what the store says. */
  private unsaved = false;
  /** What the person switched with a word in a message, for this task. */
  private taskMode: FusionMode | undefined;
  /** Sessions whose work runs, and who does it: nothing moves it but a failure. */
  private readonly running = new Map<string, { provider: string; model: HostModel }>();

  constructor(policy: RoutingPolicy, fusionDefault: boolean, world: DeskWorld) {
    this.policy = policy;
    this.fusionDefault = fusionDefault;
    this.world = world;
  }

  /** False where the policy can lead nowhere but to the local model: then nobody is asked and nothing is read. */
  get matters(): boolean {
    const { enabled, primary, tiers, fallback, agents } = this.policy;
    if (!enabled) return false;
    const mapped = Object.values(tiers).some((providers) => providers.length > 0);
    const pinned = [...agents.values()].some(({ override, rules }) => override !== undefined || !rules.none);
    return primary !== LOCAL || mapped || fallback.length > 0 || pinned;
  }

  /**
   * The model of a session's next turn; undefined leaves the host's own choice.
   * @param work the agent's plain name, and its task's text where it is known; `lasting`: the session is one piece of work,
   * which stays where it began
   * @throws ExternalBlocked where a rule stops the work.
   */
  async choose(work: {
    agent: string;
    session: string;
    task?: string;
    lasting?: boolean;
  }): Promise<HostModel | undefined> {
    if (!this.matters) return undefined;
    await this.refresh();
    const begun = this.running.get(work.session);
    if (begun !== undefined && this.health.providers[begun.provider]?.cooling !== true) return begun.model;
    const started = performance.now();
    const clock = new Date(this.world.now());
    const mode = this.taskMode ?? this.state.mode ?? (this.fusionDefault ? "always" : "off");
    const verdict = decideRoute(this.policy, this.health, {
      ...work,
      mode,
      minute: clock.getHours() * 60 + clock.getMinutes(),
    });
    this.note(work, verdict, mode, performance.now() - started);
    if (verdict.kind === "blocked") throw new ExternalBlocked(verdict.reason.detail);
    if (verdict.kind !== "routed") return undefined;
    const model = this.hostModel(verdict.provider, verdict.model);
    if (work.lasting === true) this.running.set(work.session, { provider: verdict.provider, model });
    return model;
  }

  /**
   * A task begins: what a keyword switched for the last one has ended.
   * @param mode what this one's keyword switches
   * @returns whether that can change anything, and is to be shown
   */
  beginTask(mode?: FusionMode): boolean {
    this.taskMode = mode;
    return mode !== undefined && this.matters;
  }

  /** The session is gone. */
  forget(session: string): void {
    this.running.delete(session);
  }

  /**
   * A request was given up: its provider rests as its failure says, for everybody, and where it was the primary the fallback
   * is active for as long.
   * @returns whether somebody else can do the work: then taking the session up again makes sense, whatever the failure.
   */
  failed({ session, role, provider: hostProvider, failure, retryAfterMs }: FailedRequest): boolean {
    const provider = this.providerOf(hostProvider);
    if (!this.matters || provider === undefined) return false;
    this.running.delete(session);
    const now = this.world.now();
    const kind = routeFailureKind(failure);
    const typed: RouteFailure = { kind, retryAfterMs };
    // The gate has tried it again already, as often as its limits say.
    const after = afterFailure(provider, typed, 2, now);
    if (after.kind !== "next") return false;
    const cooldowns = withCooldown(this.state.cooldowns, after.cool, now);
    const active = this.state.fallback;
    const own = provider === this.policy.primary && this.policy.fallback.length > 0;
    const until = cooldowns.find((rest) => rest.provider === provider)?.until ?? after.cool.until;
    const fallback = active ?? (own ? { why: `${provider} ${kind}`, since: now, until } : undefined);
    this.keep({ ...this.state, cooldowns, ...(fallback ? { fallback } : {}) });
    this.health = currentHealth(this.policy, this.state, [], now).health;
    const resting = cooldowns.filter((rest) => rest.until > now).map((rest) => rest.provider);
    const hop = nextHop(this.policy, this.health, { agent: role, mode: "off", session }, resting);
    const to = hop.kind === "routed" ? hop.provider : undefined;
    const cool = new Date(after.cool.until).toISOString();
    this.record({
      type: "failed",
      session,
      agent: role,
      provider,
      failure: kind,
      coolingUntil: cool,
      next: to ?? hop.kind,
    });
    return to !== undefined;
  }

  /** Reads limits and switches anew; what cannot be read leaves what is known, and the primary is kept. */
  private async refresh(): Promise<void> {
    const now = this.world.now();
    await this.saving;
    try {
      const { store } = this.world;
      const [limits, kept] = await Promise.all([store.limits(), this.unsaved ? undefined : store.fusion()]);
      const state = kept ?? this.state;
      const { health, full } = currentHealth(this.policy, state, limits, now);
      const recovered = state.fallback?.until !== undefined && state.fallback.until <= now;
      const { fallback, ...rest } = state;
      const next = { ...rest, full, ...(recovered || fallback === undefined ? {} : { fallback }) };
      if (recovered) this.record({ type: "recovered", provider: this.policy.primary, why: fallback?.why });
      if (recovered || full.join() !== state.full.join()) this.keep(next);
      else this.state = next;
      this.health = { ...health, pick: (names) => this.world.pick(names) };
    } catch (error) {
      this.world.log("routing keeps to what it knows: its state cannot be read", error);
    }
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

  private providerOf(hostProvider: string): string | undefined {
    return [...this.policy.providers.values()].find((provider) => provider.hostProvider === hostProvider)?.id;
  }

  private hostModel(provider: string, modelID: string): HostModel {
    return { providerID: this.policy.providers.get(provider)?.hostProvider ?? provider, modelID };
  }

  private note(work: { agent: string; session: string }, verdict: Verdict, mode: FusionMode, ms: number): void {
    const utilisation = this.health.providers[this.policy.primary]?.percent ?? null;
    const decided =
      verdict.kind === "routed"
        ? { decision: verdict.route ? "route" : "keep", provider: verdict.provider, model: verdict.model }
        : { decision: verdict.kind };
    const reason = verdict.kind === "unknown-agent" ? undefined : verdict.reason;
    const { session, agent } = work;
    const durationUs = Math.round(ms * 1000);
    this.record({ type: "decided", session, agent, ...decided, reason, mode, utilisation, durationUs });
  }

  private record(entry: object): void {
    this.world.record({ timestamp: new Date(this.world.now()).toISOString(), ...entry });
  }
}
