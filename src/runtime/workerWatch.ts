import { owed } from "../core/workflow/react.ts";
import type { Swarm } from "../core/workflow/state.ts";
import { isOver, isRunning, workerOfSession } from "../core/workflow/state.ts";
import { submit } from "./commands.ts";
import { holdLease } from "./holdLease.ts";
import { PersonStops } from "./personStops.ts";
import { interrupted } from "./reactors.ts";
import { RequestWatch } from "./requestWatch.ts";
import type { SwarmServices } from "./services.ts";
import type { TurnEnd } from "./turns.ts";

/** How often, and after how many milliseconds, the lease of an instance that the host has ended is asked for again. */
const RELOAD_LOOKS = 50;
const RELOAD_LOOK_MS = 100;

/** Turns what happens to sessions into commands: ended turns, deleted sessions, a restart. */
export class WorkerWatch {
  /** What the model gate sees of the sessions' requests. */
  readonly requests: RequestWatch;
  private readonly services: SwarmServices;
  /** Commanders' sessions that were stopped from here: the abort that follows is not the person's. */
  private readonly givenUp = new Set<string>();
  private readonly stops: PersonStops;

  constructor(services: SwarmServices) {
    this.services = services;
    this.stops = new PersonStops((ms) => services.sleep(ms));
    this.requests = new RequestWatch(services);
  }

  /** Never throws and never waits, because it is called from the host's event hook. */
  turnEnded(session: string, end: TurnEnd): void {
    if (this.stops.instanceEnded) return;
    this.handleTurn(session, end).catch((error: unknown) => this.services.log(`turn end of ${session}`, error));
  }

  sessionDeleted(session: string): void {
    this.services.turns.forget(session);
    this.fail(session, "its session was deleted").catch((error: unknown) =>
      this.services.log(`deleted ${session}`, error),
    );
  }

  /**
   * A session that goes round in circles is stopped: a Worker gets a fresh one or fails, a Commander waits for the person.
   */
  async giveUp(session: string, problem: string): Promise<void> {
    const { swarm, sessions } = this.services;
    const worker = swarm.state && workerOfSession(swarm.state, session);
    if (worker) {
      const lastWords = await this.lastWords(session);
      await submit(this.services, { type: "worker_stuck", worker: worker.assignment.id, session, problem, lastWords });
    }
    if (swarm.state?.session === session) this.givenUp.add(session);
    await sessions.abort(session);
  }

  /**
   * Takes up a swarm that another process left behind: running Workers are told to go on in their own sessions, queued
   * ones are started, and a Commander with nothing to wait for is sent on.
   */
  async takeUp(): Promise<void> {
    const { swarm } = this.services;
    // A swarm that is over may still owe something: a process died before it had put the Workers' trees away.
    if (!swarm.open) {
      if (swarm.state && owed(swarm.state).length > 0 && (await holdLease(this.services)).held) swarm.takeUp();
      return this.askForReport();
    }
    const held = await this.leaseAfterReload();
    if (!held || !swarm.state || !swarm.open) return;
    // Not twice: the person's first words may have come before.
    if (swarm.takeUnattended()) await this.carryOnWorkers(swarm.state);
    await this.sendOn(swarm.state);
  }

  /** The process before this one died after the commit, and the person has not been told. */
  private async askForReport(): Promise<void> {
    const { swarm, sessions, turns } = this.services;
    if (swarm.state?.report === undefined || !(await this.leaseAfterReload())) return;
    const { state } = swarm;
    // Looked up anew: with the lease came what the last holder wrote. A person who wrote first has the Commander's ear.
    if (!state?.report || turns.isBusy(state.session) || (await sessions.info(state.session)) === undefined) return;
    // It may have died just after the last word, before that was in the log.
    const told = await sessions.hasAnswered(state.session);
    await submit(this.services, told ? { type: "report_given", session: state.session } : { type: "ask_report" });
  }

  /** The person is about to speak: what they stopped before comes first. */
  async beforePerson(): Promise<void> {
    await this.stops.settle();
  }

  /** The host ends this instance of the project and aborts its sessions: no stop of the person's. Idempotent. */
  instanceEnds(): void {
    this.stops.end();
  }

  /** The person spoke: Workers that another process left, or whose ends could not be written, are moved on. */
  async personSpoke(): Promise<void> {
    const { swarm } = this.services;
    if (swarm.takeUnattended() && swarm.state && swarm.open) await this.carryOnWorkers(swarm.state);
  }

  /** Lets a swarm go on that a person stopped, or whose Commander ran out of continuations. */
  async resume(): Promise<void> {
    const decision = await submit(this.services, { type: "resume_swarm" });
    const { state } = this.services.swarm;
    if (!decision.ok || !state) return;
    await this.carryOnWorkers(state);
    await this.sendOn(state);
  }

  /** The instance before this one, in the same process, may still be putting its work away. */
  private async leaseAfterReload(): Promise<boolean> {
    const { lease, sleep } = this.services;
    for (let look = 0; look < RELOAD_LOOKS; look += 1) {
      const holder = await lease.holder();
      if (!holder || holder.own || holder.pid !== process.pid) break;
      await sleep(RELOAD_LOOK_MS);
    }
    return (await holdLease(this.services)).held;
  }

  private async sendOn(state: Swarm): Promise<void> {
    if (!this.services.turns.isBusy(state.session)) await submit(this.services, { type: "commander_idle" });
  }

  private async carryOnWorkers(state: Swarm): Promise<void> {
    const { swarm, turns } = this.services;
    // A stop of the person's that a crash cut short is still a stop.
    for (const { worker, session } of state.paused ? [] : interrupted(state)) {
      if (turns.isBusy(session)) continue;
      if (await this.mayExist(session)) await submit(this.services, { type: "worker_resumed", worker });
      else
        await submit(this.services, { type: "worker_failed", worker, reason: "its session is gone after a restart" });
    }
    swarm.takeUp();
  }

  /** A host that cannot say is asked again by the prompt to go on, whose failure ends the Worker in sight of everybody. */
  private async mayExist(session: string): Promise<boolean> {
    try {
      return (await this.services.sessions.info(session)) !== undefined;
    } catch (error) {
      this.services.log(`session ${session} could not be looked up`, error);
      return true;
    }
  }

  private async handleTurn(session: string, end: TurnEnd): Promise<void> {
    const settling = this.requests.settling(session);
    if (settling) await settling;
    const state = this.services.swarm.state;
    const failure = this.requests.takeFailure(session);
    if (state?.report && end.how !== "error") {
      // An instance that the host ends stops the turn too: the next one asks.
      const given = async () => void (await submit(this.services, { type: "report_given", session }));
      return end.how === "aborted" ? this.stops.afterDoubt(given) : given();
    }
    if (!state || isOver(state)) return;
    if (state.session === session) {
      const stuck = this.givenUp.delete(session);
      if (end.how === "aborted") {
        if (stuck) await submit(this.services, { type: "commander_stuck" });
        else
          await this.stops.afterDoubt(async () => {
            await submit(this.services, { type: "person_aborted", session });
          });
      }
      if (end.how === "finished") await submit(this.services, { type: "commander_idle" });
      if (end.how === "error") {
        const known = failure ?? { failure: "unknown", retryable: false, detail: end.message };
        const jitter = this.services.random();
        await submit(this.services, { type: "commander_request_failed", session, ...known, jitter });
      }
      return;
    }
    const worker = workerOfSession(state, session);
    // The end of an ended Worker's turn is no news, and asking the host for its last words would cost those that still work.
    if (!worker || !isRunning(worker)) return;
    if (end.how === "aborted")
      return this.stops.afterDoubt(() => this.fail(session, "its session was stopped by the person"));
    const { sessions, random } = this.services;
    const [lastWords, tokens] = await Promise.all([
      this.lastWords(session),
      // Without them the end of the turn still counts.
      sessions.tokens(session).catch((error: unknown) => this.services.log(`tokens of ${session}`, error)),
    ]);
    const about = { worker: worker.assignment.id, session, lastWords, ...(tokens ? { tokens } : {}) };
    if (end.how === "finished") {
      await submit(this.services, { type: "worker_idle", ...about });
      return;
    }
    // An error that the gate did not see is none that a further try mends.
    const known = failure ?? { failure: "unknown", retryable: false, detail: end.message };
    await submit(this.services, { type: "worker_request_failed", ...about, ...known, jitter: random() });
  }

  private async lastWords(session: string): Promise<string> {
    try {
      return await this.services.sessions.lastWords(session);
    } catch (error) {
      this.services.log(`last words of ${session}`, error);
      return "";
    }
  }

  private async fail(session: string, reason: string): Promise<void> {
    const state = this.services.swarm.state;
    const worker = state && workerOfSession(state, session);
    if (worker) await submit(this.services, { type: "worker_failed", worker: worker.assignment.id, session, reason });
  }
}
