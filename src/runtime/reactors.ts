import { workerBriefing } from "../core/briefing.ts";
import { nativePatterns } from "../core/scope/nativePatterns.ts";
import { progressTitle } from "../core/workflow/dashboard.ts";
import { keptText, noticeText, unreachedText } from "../core/workflow/noticeText.ts";
import type { Effect } from "../core/workflow/react.ts";
import type { Swarm, Worker } from "../core/workflow/state.ts";
import { findWorker, isolationOf, isRunning, workerOfSession } from "../core/workflow/state.ts";
import type { PermissionRule } from "../ports/sessions.ts";
import { messageOf } from "../ports/thrown.ts";
import { submit } from "./commands.ts";
import { privateId } from "./privateId.ts";
import type { SwarmServices } from "./services.ts";
import { nudgeText, resumeText } from "./workerTexts.ts";

/** How often a prompt is given that starts nothing, and how long each is waited for (ms): a turn starts within milliseconds. */
const PROMPTS = 2;
const START_LIMIT_MS = 20_000;

/** Carries effects out and reports their outcomes as commands. One instance a project. */
export class Reactors {
  /** Workers whose session is being made: an effect may ask twice before the first answer is in the log. */
  private readonly starting = new Set<string>();
  /** Files of the newest baseline: a tree never changes, and eight Workers start at once. */
  private listed: { tree: string; paths: Promise<string[]> } | undefined;
  private readonly services: SwarmServices;

  constructor(services: SwarmServices) {
    this.services = services;
  }

  /** Never throws and never waits: what fails is logged and, where a Worker depends on it, becomes a command. */
  carryOut(effect: Effect): void {
    this.run(effect).catch((error: unknown) => this.services.log(`effect ${effect.type} failed`, error));
  }

  private async run(effect: Effect): Promise<void> {
    const { trees } = this.services;
    switch (effect.type) {
      case "start_worker":
        return this.startWorker(effect.worker);
      case "nudge_worker":
        return this.promptWorker(effect.worker, effect.session, () => nudgeText(effect.runaway));
      case "resume_worker":
        return this.resumeWorker(effect.worker, effect.session, resumeText(effect.after));
      case "take_up_worker": {
        const { worker, session, takeUp, waitMs } = effect;
        await this.services.sleep(waitMs);
        await submit(this.services, { type: "worker_resumed", worker, session, takeUp });
        return;
      }
      case "abort_session":
        return this.stop(effect.session, effect.worker);
      case "save_worker":
        return trees.save(effect.worker);
      case "close_worktrees":
        return this.closeTrees();
      case "wake_commander":
        return this.wakeCommander(effect);
      case "continue_commander":
        return this.promptCommander(effect.session, `${effect.why ?? "The work is not done."} ${effect.missing}`);
      case "take_up_commander": {
        const { session, takeUp, waitMs } = effect;
        await this.services.sleep(waitMs);
        // Somebody else's prompt took it up meanwhile: its end says what is next.
        if (!this.services.turns.isBusy(session))
          await submit(this.services, { type: "commander_resumed", session, takeUp });
        return;
      }
      case "notify":
        return this.notify(effect);
    }
  }

  /** The host ends the turn; a command of it may outlive that for a moment, in which it would still write. */
  private async stop(session: string, worker: string | undefined): Promise<void> {
    const { sessions, sandbox, swarm } = this.services;
    const calls = worker === undefined ? undefined : sandbox.end(privateId(swarm.state?.id, worker));
    await Promise.all([sessions.abort(session), calls]);
  }

  private async startWorker(id: string): Promise<void> {
    const session = await this.openSession(id);
    if (session === undefined) return;
    // Looked up anew: it may have been retried, with other instructions, while its session was made.
    const state = this.services.swarm.state;
    const worker = state && workerOfSession(state, session);
    if (state && worker) await this.promptWorker(id, session, () => this.briefing(state, worker));
  }

  /** Makes a queued Worker's session and records its start; undefined where there is nothing to drive. */
  private async openSession(id: string): Promise<string | undefined> {
    const { swarm, sessions, agents, trees } = this.services;
    const state = swarm.state;
    const worker = state && findWorker(state, id);
    if (!state || worker?.status !== "queued" || this.starting.has(id)) return undefined;
    this.starting.add(id);
    try {
      const { assignment } = worker;
      // Asked before there is a session: where a rule stops the work, the Worker fails with the rule's name.
      await this.services.routing.choose({ agent: "worker", session: id, task: assignment.spec });
      if (isolationOf(state) === "worktree") await trees.open(state, worker);
      const housed = findWorker(swarm.state ?? state, id) ?? worker;
      const session = await sessions.create({
        parent: state.session,
        title: `${assignment.id} ${assignment.name}`,
        agent: agents.worker,
        permission: workerPermissions(assignment.fileScope, housed.worktree?.dir),
        metadata: { aegis: state.id, worker: assignment.id, attempt: String(worker.attempt) },
      });
      const started = await submit(this.services, { type: "worker_started", worker: id, session });
      // Cancelled while its session was made: nobody waits for what it would do.
      return started.ok && started.events.length > 0 ? session : undefined;
    } catch (error) {
      const reason = `its session could not be started: ${messageOf(error)}`;
      await submit(this.services, { type: "worker_failed", worker: id, reason });
      return undefined;
    } finally {
      // Before its first turn: a retry meanwhile has to find the way free, or nobody would start it.
      this.starting.delete(id);
    }
  }

  private async briefing(state: Swarm, worker: Worker): Promise<string> {
    // The baseline's files, not the present ones: every Worker of the swarm is told the same bytes.
    return workerBriefing(state, worker, { paths: await this.pathsOf(state.baseline?.tree) });
  }

  /** A crash may have come between the session and its first message: then it has not been told its part yet. */
  private async resumeWorker(id: string, session: string, text: string): Promise<void> {
    const { swarm, sessions, trees } = this.services;
    const state = swarm.state;
    const worker = state && findWorker(state, id);
    await this.promptWorker(id, session, async () => {
      if (worker && !(await trees.ensure(worker))) throw new Error("its worktree and its branch are gone");
      const told = await sessions.hasMessages(session);
      return told || !state || !worker ? text : this.briefing(state, worker);
    });
  }

  private async pathsOf(tree: string | undefined): Promise<string[]> {
    if (tree === undefined) return [];
    if (this.listed?.tree !== tree) this.listed = { tree, paths: this.services.git.paths(tree) };
    try {
      return await this.listed.paths;
    } catch (error) {
      this.listed = undefined;
      throw error;
    }
  }

  private async promptWorker(id: string, session: string, text: () => string | Promise<string>): Promise<void> {
    try {
      await this.drive(session, this.services.agents.worker, await text());
    } catch (error) {
      const reason = `its session could not be reached: ${messageOf(error)}`;
      await submit(this.services, { type: "worker_failed", worker: id, session, reason });
    }
  }

  /** Nothing else moves a swarm whose Commander is not reached, so the person is told. */
  private async promptCommander(session: string, text: string): Promise<void> {
    const { swarm, sessions, agents, log } = this.services;
    try {
      await this.drive(
        session,
        agents.commander,
        text,
        () => swarm.state?.report !== undefined || (swarm.open && swarm.state?.paused === false),
      );
    } catch (error) {
      log("the Commander could not be sent on", error);
      await sessions.notice(unreachedText(swarm.state?.language), "warning");
    }
  }

  /**
   * Prompts a session until its turn really runs: the host sometimes takes a prompt and starts nothing.
   * @param wanted whether a further prompt still makes sense: a person may have stopped the swarm meanwhile.
   * @throws where no turn started; a turn that somebody else started meanwhile counts.
   */
  private async drive(session: string, agent: string, text: string, wanted = () => true): Promise<void> {
    const { sessions, turns } = this.services;
    const prompt = () => sessions.prompt(session, { agent, text });
    for (let attempt = 0; attempt < PROMPTS; attempt += 1) {
      if (await turns.begins(session, prompt, START_LIMIT_MS)) return;
      if (turns.isBusy(session) || !wanted()) return;
    }
    throw new Error(`the host took ${PROMPTS} prompts and started no turn within ${START_LIMIT_MS / 1000} s each.`);
  }

  /** A Commander in the middle of a turn sees the end by itself (await_workers, or the continuation after its turn). */
  private async wakeCommander(effect: Extract<Effect, { type: "wake_commander" }>): Promise<void> {
    const { swarm, turns } = this.services;
    if (turns.isBusy(effect.session) || !swarm.state) return;
    const worker = findWorker(swarm.state, effect.worker);
    const how = worker
      ? `${worker.assignment.id} ${worker.assignment.name} ended: ${worker.status}.`
      : "A Worker ended.";
    const next =
      effect.about === "all-ended"
        ? "All Workers have ended: call check_conflicts."
        : `${progressTitle(swarm.state)}. Call await_workers.`;
    await this.promptCommander(effect.session, `${how} ${next}`);
  }

  /** The person is told what was kept, and where: nothing else says that a branch of theirs is new. */
  private async closeTrees(): Promise<void> {
    const { swarm, sessions, trees } = this.services;
    await trees.closeAll();
    const state = swarm.state;
    const text = state ? keptText(state) : "";
    if (text !== "") await sessions.notice(text, "warning");
  }

  private async notify(effect: Extract<Effect, { type: "notify" }>): Promise<void> {
    const state = this.services.swarm.state;
    const text = state ? noticeText(effect.what, state, this.services.now()) : "";
    if (text !== "") await this.services.sessions.notice(text, effect.level);
  }
}

/** Edits are denied but for the scope's coarse patterns; the exact check is the tool hook's. Nothing asks. */
function workerPermissions(scope: readonly string[], dir?: string): PermissionRule[] {
  const below = dir === undefined ? "" : `${dir}/`;
  const allowed = [...new Set(scope.flatMap(nativePatterns))].map((pattern) => below + pattern);
  return [
    { permission: "edit", pattern: "*", action: "deny" },
    ...allowed.map((pattern): PermissionRule => ({ permission: "edit", pattern, action: "allow" })),
  ];
}

/** Workers that the log shows as running although no process drives them any more. */
export function interrupted(state: Swarm): { worker: string; session: string }[] {
  return state.workers.filter(isRunning).map((worker) => ({ worker: worker.assignment.id, session: worker.session }));
}
