import type { FailureKind } from "../../core/gate/classifyFailure.ts";
import type { RouteQuestion } from "../../core/routing/decideRoute.ts";
import { DecisionCache } from "../../core/routing/decisionCache.ts";
import { afterFailure, routeFailureKind } from "../../core/routing/failure.ts";
import { nextHop } from "../../core/routing/hop.ts";
import { readLimitHeaders } from "../../core/routing/limits/headers.ts";
import { usageOf } from "../../core/routing/limits/usage.ts";
import type { LimitWindow } from "../../core/routing/limits/window.ts";
import type { RoutingPolicy } from "../../core/routing/policy.ts";
import { LOCAL } from "../../core/routing/providers.ts";
import { plainAgentName } from "../../core/routing/specialists.ts";
import type { FusionMode, Routed, Verdict } from "../../core/routing/verdict.ts";
import type { FailedRun, PolicyAnswer, PolicyDesk, PolicyQuestion } from "../../ports/policyDesk.ts";
import { type LimitSources, PolicyState, type PolicyStateWorld } from "./policyState.ts";
import { ExternalBlocked, NobodyLeft, UnknownAgent } from "./routingErrors.ts";

/** Where a turn goes, in the host's words. */
export type HostModel = PolicyAnswer["host"];

/** Tokens of an answer, how long one took (ms), or an error and the wait it named. */
export type ProviderDeed = { tokens: number } | { latencyMs: number } | { retryAfterMs: number | undefined };

export interface DeskWorld extends Omit<PolicyStateWorld, "recovered"> {
  /** Picks one of several providers that fit. */
  pick(names: readonly string[]): string;
  /** How a provider did, for whoever picks. Must not throw. */
  did?(provider: string, what: ProviderDeed): void;
  /** Gets one line of the routing log. Must not throw. */
  record(entry: object): void;
  sources?: LimitSources;
}

/** A failed model request, as the model gate typed it. */
export interface FailedRequest {
  session: string;
  role: string;
  /** The host's name of the provider. */
  provider: string;
  failure: FailureKind;
  /** What the provider asked for, from now on; kept to the letter. */
  retryAfterMs?: number | undefined;
}

/** Where sessions, jobs and runs ask which provider and model does their work. */
export class RoutingDesk implements PolicyDesk {
  private readonly policy: RoutingPolicy;
  private fusionDefault: boolean;
  private readonly world: DeskWorld;
  private readonly state: PolicyState;
  private readonly decisions = new DecisionCache();
  /** What the person switched with a word in a message to the Commander, for this task. */
  private taskMode: FusionMode | undefined;
  /** The same, for sessions that are not the swarm's. */
  private readonly sessionModes = new Map<string, FusionMode>();
  /** Sessions the policy decided about, and the last answer of each that was counted. */
  private readonly counted = new Map<string, string>();
  /** Sessions whose work runs, and who does it: nothing moves it but a failure. */
  private readonly running = new Map<string, { provider: string; model: HostModel }>();

  constructor(policy: RoutingPolicy, fusionDefault: boolean, world: DeskWorld) {
    this.policy = policy;
    this.fusionDefault = fusionDefault;
    this.world = world;
    const recovered = (why: string) => this.record({ type: "recovered", provider: policy.primary, why });
    this.state = new PolicyState(policy, { ...world, recovered }, world.sources ?? {});
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
   * which stays where it began; `mode` in place of what is switched on
   * @throws ExternalBlocked where a rule stops the work.
   */
  async choose(work: {
    agent: string;
    session: string;
    task?: string;
    lasting?: boolean;
    mode?: FusionMode | undefined;
  }): Promise<HostModel | undefined> {
    if (!this.matters) return undefined;
    await this.state.refresh();
    const begun = this.running.get(work.session);
    if (begun !== undefined && this.state.health.providers[begun.provider]?.cooling !== true) return begun.model;
    const verdict = this.decide({ ...work, mode: work.mode ?? this.taskMode ?? this.standing() });
    if (verdict.kind === "blocked") throw new ExternalBlocked(verdict.reason.detail);
    if (verdict.kind !== "routed") return undefined;
    const model = this.hostModel(verdict);
    if (!this.counted.has(work.session)) this.counted.set(work.session, "");
    if (work.lasting === true) this.running.set(work.session, { provider: verdict.provider, model });
    return model;
  }

  async ask({ kind, failed = [], mode, task, ...work }: PolicyQuestion): Promise<PolicyAnswer> {
    if (this.matters) await this.state.refresh();
    const exclude = failed.length > 0 ? { exclude: failed } : {};
    const asked = { ...work, ...(task === undefined ? {} : { task }), ...exclude };
    const verdict = this.decide({ ...asked, mode: mode ?? this.standing() }, kind);
    if (verdict.kind === "unknown-agent") throw new UnknownAgent(verdict.agent);
    if (verdict.kind === "blocked") throw new ExternalBlocked(verdict.reason.detail);
    if (failed.includes(verdict.provider)) throw new NobodyLeft(failed);
    const { provider, model, tier, reason } = verdict;
    return { provider, model, host: this.hostModel(verdict), tier, reason };
  }

  /**
   * A task begins: what a keyword switched for the last one has ended.
   * @param mode what this one's keyword switches
   * @param session the session it holds in; without it the swarm's
   * @returns whether that can change anything, and is to be shown
   */
  beginTask(mode?: FusionMode, session?: string): boolean {
    if (session === undefined) this.taskMode = mode;
    else if (mode === undefined) this.sessionModes.delete(session);
    else this.sessionModes.set(session, mode);
    return mode !== undefined && this.matters;
  }

  /** `fusionDefault` was written anew: it holds from now on, in the place of what the command line switched. */
  async setDefault(on: boolean): Promise<void> {
    this.fusionDefault = on;
    await this.state.clearMode();
  }

  /** Whether the policy has a tier for an agent of this name. */
  knows(agent: string): boolean {
    return this.policy.agents.has(plainAgentName(agent));
  }

  /** What a person switched on in a session that is not the swarm's. */
  modeOf(session: string): FusionMode | undefined {
    return this.sessionModes.get(session);
  }

  /** The session is gone. */
  forget(session: string): void {
    this.running.delete(session);
    this.counted.delete(session);
    this.sessionModes.delete(session);
  }

  /**
   * An answer in a session is complete; of a session that the policy decided about, each is counted once.
   * @param answer.id the message's; later ones sort behind earlier ones
   */
  used(answer: { session: string; id: string; provider: string; tokens: { input: number; output: number } }): void {
    const { session, id, tokens } = answer;
    const provider = this.providerOf(answer.provider);
    const last = this.counted.get(session);
    if (provider === undefined || last === undefined || id <= last) return;
    const total = tokens.input + tokens.output;
    if (total === 0) return;
    this.counted.set(session, id);
    this.world.did?.(provider, { tokens: total });
    this.record({
      type: "used",
      session,
      provider,
      routed: provider !== this.policy.primary,
      tokens: { input: tokens.input, output: tokens.output },
    });
  }

  /** A request was answered after `ms`, waiting for a turn not counted. */
  answered(hostProvider: string, ms: number): void {
    const provider = this.matters ? this.providerOf(hostProvider) : undefined;
    if (provider !== undefined) this.world.did?.(provider, { latencyMs: Math.max(0, ms) });
  }

  /**
   * A request was given up: its provider rests as its failure says, for everybody, and where it was the primary the fallback
   * is active for as long.
   * @returns whether somebody else can do the work: then taking the session up again makes sense, whatever the failure.
   */
  failed({ session, role, provider: hostProvider, failure, retryAfterMs }: FailedRequest): boolean {
    const provider = this.providerOf(hostProvider);
    if (provider === undefined) return false;
    const kind = routeFailureKind(failure);
    return this.runFailed({ session, agent: role, provider, failure: { kind, retryAfterMs } });
  }

  runFailed({ session, agent, provider, failure }: FailedRun): boolean {
    if (!this.matters) return false;
    this.running.delete(session);
    const now = this.world.now();
    const resetsAt = failure.resetsAt ?? this.resetOf(provider, now);
    // Whoever ran it has tried it again already, as often as its own limits say.
    const after = afterFailure(provider, { ...failure, resetsAt }, 2, now);
    if (after.kind !== "next") return false;
    this.world.did?.(provider, { retryAfterMs: failure.retryAfterMs });
    const resting = this.state.rest(after.cool);
    const hop = nextHop(this.policy, this.state.health, { agent, mode: "off", session }, resting);
    const to = hop.kind === "routed" ? hop.provider : undefined;
    const coolingUntil = new Date(after.cool.until).toISOString();
    const told = failure.retryAfterMs === undefined ? {} : { retryAfterMs: failure.retryAfterMs };
    const about = { type: "failed", session, agent, provider, failure: failure.kind, ...told };
    this.record({ ...about, coolingUntil, next: to ?? hop.kind }, now);
    return to !== undefined;
  }

  heard(windows: readonly LimitWindow[]): void {
    if (this.matters) this.state.hear(windows);
  }

  /** The headers of a provider's answer; what they say of its limits counts from the next decision on. Never throws. */
  heardHeaders(hostProvider: string, get: (name: string) => string | null): void {
    const provider = this.matters ? this.providerOf(hostProvider) : undefined;
    const surface = provider === undefined ? undefined : this.policy.providers.get(provider)?.surface;
    if (provider === undefined || surface === undefined || provider === LOCAL) return;
    const reading = readLimitHeaders({ surface, provider }, get, this.world.now());
    if (reading.ok) this.state.hear(reading.windows);
  }

  /** An exhausted window's own reset, where an answer's headers told it. */
  private resetOf(provider: string, now: number): number | undefined {
    return usageOf(provider, this.state.known(), this.policy.threshold, now).resetsAt;
  }

  private standing(): FusionMode {
    return this.state.mode ?? (this.fusionDefault ? "always" : "off");
  }

  private decide(question: Omit<RouteQuestion, "minute">, kind?: string): Verdict {
    const started = performance.now();
    const clock = new Date(this.world.now());
    const health = { ...this.state.health, pick: (names: readonly string[]) => this.world.pick(names) };
    const minute = clock.getHours() * 60 + clock.getMinutes();
    const verdict = this.decisions.decide(this.policy, health, { ...question, minute }, this.state.epoch);
    // Nobody reads about a policy that has nothing to decide.
    if (this.matters) this.note(question, verdict, performance.now() - started, kind);
    return verdict;
  }

  private providerOf(hostProvider: string): string | undefined {
    return [...this.policy.providers.values()].find((provider) => provider.hostProvider === hostProvider)?.id;
  }

  private hostModel({ provider, model: modelID }: Pick<Routed, "provider" | "model">): HostModel {
    return { providerID: this.policy.providers.get(provider)?.hostProvider ?? provider, modelID };
  }

  private note(work: Pick<RouteQuestion, "agent" | "session" | "mode">, verdict: Verdict, ms: number, kind?: string) {
    const utilisation = this.state.health.providers[this.policy.primary]?.percent ?? null;
    const decided =
      verdict.kind === "routed"
        ? { decision: verdict.route ? "route" : "keep", provider: verdict.provider, model: verdict.model }
        : { decision: verdict.kind };
    const reason = verdict.kind === "unknown-agent" ? undefined : verdict.reason;
    const { session, agent, mode } = work;
    const about = { type: "decided", ...(kind === undefined ? {} : { kind }), session, agent };
    this.record({ ...about, ...decided, reason, mode, utilisation, durationUs: Math.round(ms * 1000) });
  }

  private record(entry: object, now: number = this.world.now()): void {
    this.world.record({ timestamp: new Date(now).toISOString(), ...entry });
  }
}
