import { z } from "zod";
import { yesNoChoices } from "../../src/core/workflow/decide/design.ts";
import { missingStep } from "../../src/core/workflow/missingStep.ts";
import { approvalChoices, languageOf } from "../../src/core/workflow/person.ts";
import { renderRefusal } from "../../src/core/workflow/refusal.ts";
import type { OpenQuestion, Swarm } from "../../src/core/workflow/state.ts";
import { isOver } from "../../src/core/workflow/state.ts";
import { submit } from "../../src/runtime/commands.ts";
import { needLease } from "../../src/runtime/holdLease.ts";
import type { SwarmServices } from "../../src/runtime/services.ts";

const questionArgs = z.looseObject({ questions: z.array(z.looseObject({ question: z.string() })).min(1) });

/** A question of the model's that is about what the person has to decide, however it is worded. */
const ABOUT_DECISION =
  /approv|accept|agree|design|revision|proceed|go ahead|sandbox|qa\b|설계|승인|진행|동의|수락|개정/iu;

/**
 * Brings a person's words to the decider: messages they typed to the Commander, and labels they chose in a question.
 * A question about the open decision is replaced by ours, so that the person always answers what really is decided; the
 * answer to any other question of the model's decides nothing.
 */
export class PersonVoice {
  /** Calls of `question` that carry our own question, with the decision it was about when it was asked. */
  private readonly ours = new Map<string, OpenQuestion>();
  private readonly callOfRequest = new Map<string, string>();
  private readonly services: SwarmServices;

  constructor(services: SwarmServices) {
    this.services = services;
  }

  /**
   * Words typed to the Commander. Opens a swarm where none is open, and takes over one whose own session is gone.
   * @returns what the Commander has to know before it reads them, if anything.
   * @throws where they cannot be recorded, with the next step.
   */
  async spoke(session: string, text: string, autopilot: boolean): Promise<string | undefined> {
    const { swarm } = this.services;
    const watching = await needLease(this.services);
    if (watching) throw new Error(renderRefusal(watching));
    const state = swarm.state;
    if (state && !isOver(state) && state.session !== session && isAbandoned(state)) {
      await submit(this.services, {
        type: "abort_swarm",
        by: "superseded",
        reason: "the person began anew in another session",
      });
    }
    const adopted = await this.adopt(session);
    if (!swarm.open) await this.begin(session, text);
    if (swarm.state?.session !== session) return undefined;
    const heard = await submit(this.services, { type: "person_spoke", text, autopilot, via: "message" });
    if (!heard.ok) throw new Error(renderRefusal(heard.refusal));
    return adopted ? takenOver(swarm.state) : undefined;
  }

  /** A swarm whose Commander's session was deleted goes on in the session the person writes to next. */
  private async adopt(session: string): Promise<boolean> {
    const { swarm, sessions, log } = this.services;
    const { state } = swarm;
    if (!state || isOver(state) || state.session === session) return false;
    try {
      if ((await sessions.info(state.session)) !== undefined) return false;
    } catch (error) {
      // Not known to be gone: two Commanders would be worse than none.
      log(`session ${state.session} could not be looked up`, error);
      return false;
    }
    const adopted = await submit(this.services, { type: "adopt_swarm", session });
    return adopted.ok;
  }

  /** Puts the open decision in place of the model's wording. Changes `args` where they ask about it. */
  asking(call: string, args: unknown): void {
    const state = this.services.swarm.state;
    const canonical = state && openDecision(state);
    const parsed = questionArgs.safeParse(args);
    if (!canonical || !parsed.success || typeof args !== "object" || args === null) return;
    const about = parsed.data.questions.some((each) => ABOUT_DECISION.test(JSON.stringify(each)));
    if (!about) return;
    Object.assign(args, { questions: [canonical] });
    if (state?.question) this.ours.set(call, state.question);
  }

  asked(request: string, call: string | undefined): void {
    if (call !== undefined) this.callOfRequest.set(request, call);
  }

  async replied(request: string, answers: readonly (readonly string[])[]): Promise<void> {
    const call = this.callOfRequest.get(request);
    this.callOfRequest.delete(request);
    const regarding = call === undefined ? undefined : this.ours.get(call);
    if (call === undefined || !regarding) return;
    this.ours.delete(call);
    const text = answers[0]?.join(" ") ?? "";
    await submit(this.services, { type: "person_spoke", text, autopilot: false, via: "question", regarding });
  }

  private async begin(session: string, text: string): Promise<void> {
    const { git, settings, newId } = this.services;
    const head = await git.head();
    const dirty = (await git.changed(await git.treeOf(head), await git.snapshot())).map((change) => change.path);
    const begun = await submit(this.services, {
      type: "begin_swarm",
      id: newId(),
      session,
      settings: {
        maxWorkers: settings.maxWorkers,
        maxRetries: settings.maxRetries,
        maxContinuations: settings.maxContinuations,
        designOptional: settings.designOptional,
        skipPhrases: [...settings.skipPhrases],
        ...(settings.isolation === "shared" ? {} : { isolation: settings.isolation }),
        takeUps: settings.takeUps,
      },
      head,
      dirty,
      language: languageOf(text, "en"),
    });
    // Thrown, because the Commander would only be told that no swarm is open.
    if (!begun.ok) throw new Error(renderRefusal(begun.refusal));
  }
}

/** A swarm that never got past its first talk gives way to a new one. */
function isAbandoned(state: Swarm): boolean {
  return state.phase === "design" && state.design.status !== "agreed";
}

function takenOver(state: Swarm): string {
  return `You take over swarm ${state.id}, whose Commander's session was deleted; it is in phase ${state.phase}. Next: ${missingStep(state)} worker_status shows everything.`;
}

function openDecision(state: Swarm) {
  const { question, language } = state;
  const korean = language === "ko";
  if (question?.kind === "design" && state.design.status === "open") {
    const { proposal } = state.design;
    const features = proposal.features.map((feature) => feature.name).join(", ");
    return {
      header: korean ? `설계 ${proposal.revision}` : `Design ${proposal.revision}`,
      question: korean
        ? `설계 개정 ${proposal.revision}을(를) 승인하시겠습니까? 기능: ${features}`
        : `Do you approve design revision ${proposal.revision}? Features: ${features}`,
      options: approvalChoices(proposal, language).map(({ label }) => ({ label, description: "" })),
    };
  }
  if (question?.kind === "qa-change") {
    return {
      header: korean ? "QA 변경" : "QA changed",
      question: korean
        ? `QA가 실행하는 내용이 바뀌었습니다: ${question.paths.join(", ")}. 받아들이시겠습니까?`
        : `What QA runs was changed: ${question.paths.join(", ")}. Do you accept it?`,
      options: options("Accept the changed QA", "Do not accept"),
    };
  }
  if (question?.kind === "unsandboxed-qa") {
    return {
      header: "Sandbox",
      question: korean ? "샌드박스 없이 QA를 실행할까요?" : "Run the project's checks without a sandbox?",
      options: options("Run QA without a sandbox", "Do not run it"),
    };
  }
  return undefined;
}

function options(yes: string, no: string) {
  return yesNoChoices(yes, no).map(({ label }) => ({ label, description: "" }));
}
