import type { Hooks } from "@opencode-ai/plugin";
import { keepFinding } from "../../src/adapters/log/findingFiles.ts";
import { SWARM_TOOLS } from "../../src/core/roles.ts";
import { boundedOutput, isLongAnswer } from "../../src/core/toolOutput.ts";
import { renderRefusal } from "../../src/core/workflow/refusal.ts";
import { isRunning } from "../../src/core/workflow/state.ts";
import { ReportedTurns } from "../../src/runtime/reportedTurns.ts";
import type { SwarmServices } from "../../src/runtime/services.ts";
import type { Composition } from "../compose.ts";
import type { SessionActor } from "../sessionRoles.ts";
import { FileTurns } from "./fileTurns.ts";
import { failedGate } from "./gateRefusals.ts";
import { kernelRefusal } from "./kernelRefusal.ts";
import type { PersonVoice } from "./personVoice.ts";
import { Repetition } from "./repetition.ts";
import type { SessionJudge } from "./sessionJudge.ts";
import type { SessionPlaces } from "./sessionPlace.ts";
import type { ToolEffects } from "./toolEffects.ts";
import { judgeToolCall } from "./toolGate.ts";
import { addNotes, changeTexts } from "./toolResult.ts";

const [REPORT] = SWARM_TOOLS.worker;

type Before = Parameters<NonNullable<Hooks["tool.execute.before"]>>;
type After = Parameters<NonNullable<Hooks["tool.execute.after"]>>;

interface Neighbours {
  watch: Extract<Composition, { ok: true }>["watch"];
  sessions: SessionJudge;
  places: SessionPlaces;
  effects: ToolEffects;
  voice: PersonVoice;
}

/** What happens before and after each tool call of a swarm session: loops, turns at files, gates, effects, and its result. */
export class ToolCalls {
  /** What became of Workers' reports, for whoever sends the requests. */
  readonly reported: ReportedTurns;
  private readonly services: SwarmServices;
  private readonly others: Neighbours;
  private readonly fileTurns = new FileTurns();
  private readonly repetition: Repetition;

  constructor(services: SwarmServices, others: Neighbours) {
    this.services = services;
    this.others = others;
    this.reported = new ReportedTurns(() => services.swarm.state?.language);
    this.repetition = new Repetition(services, others.watch);
  }

  /** @throws an Error with the refusal, for the model */
  async before({ sessionID, callID, tool }: Before[0], { args }: Before[1]): Promise<void> {
    const { sessions, voice, effects } = this.others;
    const actor = await sessions.actor(sessionID);
    if (actor.role === "none") return;
    // Before the gates: a model that repeats a refused call is in a loop like any other.
    const repeated = await this.repetition.before(sessionID, tool, args);
    if (repeated) throw new Error(renderRefusal(repeated));
    await this.fileTurns.enter(sessionID, callID, tool);
    const refused = await this.judge(actor, sessionID, tool, args).catch(failedGate);
    if (refused) {
      this.fileTurns.leave(sessionID, callID);
      throw new Error(renderRefusal(refused));
    }
    if (actor.role === "replaced") return;
    if (actor.role === "commander" && tool === "question") voice.asking(callID, args);
    await effects.starting(actor, tool, callID, args);
  }

  async after({ sessionID, callID, tool, args }: After[0], output: After[1]): Promise<void> {
    const { services } = this;
    const { sessions, places, effects, watch } = this.others;
    const actor = await sessions.actor(sessionID);
    if (actor.role === "none" || actor.role === "replaced") return;
    if (actor.role === "worker" && tool === REPORT && !isRunning(actor.worker))
      this.reported.taken(sessionID, callID, services.now());
    const place = await places.placeOf(sessionID, actor);
    const note = await effects
      .ended(actor, tool, callID, args, output.metadata, place)
      .finally(() => this.fileTurns.leave(sessionID, callID));
    const limit = services.settings.toolOutput[actor.role];
    await changeTexts(output, async (text) => {
      const shown = await places.shownTo(sessionID, actor, text);
      const kept = isLongAnswer(tool, shown, limit)
        ? await keepFinding(services.projectDir, callID, shown).catch((error: unknown) => {
            services.log("a helper's answer could not be kept", error);
            return undefined;
          })
        : undefined;
      return boundedOutput(tool, shown, limit, kept);
    });
    const refusedByKernel =
      tool === "bash" ? kernelRefusal(actor, output.output, services.settings.network) : undefined;
    const cut = await watch.requests.toTell(sessionID);
    addNotes(
      output,
      [note, refusedByKernel, cut].filter((each) => each !== undefined),
    );
  }

  /** A call has ended, as the host tells it: of one that failed it does not ask the hooks. */
  async ended(session: string, call: string, tool: string, error: string | undefined): Promise<void> {
    this.fileTurns.leave(session, call);
    if (error === undefined) return this.repetition.worked(session);
    const { effects, sessions } = this.others;
    await effects.failed(call);
    const { role } = await sessions.own(session);
    await this.repetition.failed(role, { session, call, tool, error });
  }

  /** A turn has ended: nothing of it waits for a file any more, and its report ends no other turn. */
  idle(session: string): void {
    this.fileTurns.clear(session);
    this.reported.over(session);
  }

  private async judge(actor: Exclude<SessionActor, { role: "none" }>, session: string, tool: string, args: unknown) {
    const { places } = this.others;
    await places.redirect(session, actor, tool, args);
    return judgeToolCall(this.services, actor, { session, place: await places.placeOf(session, actor), tool, args });
  }
}
