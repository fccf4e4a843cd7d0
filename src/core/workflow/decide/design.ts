import type { CommandOf } from "../commands.ts";
import type { SwarmEvent } from "../events.ts";
import { needFoundationPhase, needSwarm, overridden } from "../gates.ts";
import type { Choice } from "../person.ts";
import { approvalChoices, asksForAutopilot, asksToSkip, languageOf } from "../person.ts";
import type { Answer } from "../readAnswer.ts";
import { readAnswer } from "../readAnswer.ts";
import { refusal } from "../refusal.ts";
import type { OpenQuestion, Swarm, SwarmState } from "../state.ts";
import { designSettled, isLive, isOver } from "../state.ts";
import type { Decision } from "./decision.ts";
import { accept, refuse } from "./decision.ts";

const EXCERPT = 200;

export function beginSwarm(command: CommandOf<"begin_swarm">, state: SwarmState): Decision {
  if (state && !isOver(state)) {
    return refuse(
      refusal(
        "swarm-live",
        `swarm ${state.id} is open in this project (phase ${state.phase}, session ${state.session}).`,
        "go on in that session, or end it with `oh-my-qwencoder swarm abort` or /abort-swarm.",
      ),
    );
  }
  const { id, session, settings, head, dirty, language, at } = command;
  return accept({ type: "swarm_started", at, id, session, settings, head, dirty: [...dirty], language });
}

export function personSpoke(command: CommandOf<"person_spoke">, state: SwarmState): Decision {
  if (!state || isOver(state)) return accept();
  const { text, at } = command;
  const language = languageOf(text, state.language);
  const spoke: SwarmEvent = {
    type: "person_spoke",
    at,
    excerpt: text.trim().slice(0, EXCERPT),
    skipAsked: command.via === "message" && asksToSkip(text, state.settings.skipPhrases),
    autopilot: command.autopilot || (command.via === "message" && asksForAutopilot(text)),
    language,
  };
  const other = command.regarding !== undefined && !sameQuestion(command.regarding, state.question);
  return accept(spoke, ...(other ? [] : answerTo(state, text, language, at)));
}

export function cancelAutopilot({ at }: CommandOf<"cancel_autopilot">, state: SwarmState): Decision {
  return state && !isOver(state) && state.autopilot ? accept({ type: "autopilot_cancelled", at }) : accept();
}

/** An answer to a question that was replaced meanwhile decides nothing: the person did not see what is open now. */
function sameQuestion(asked: OpenQuestion, open: OpenQuestion | undefined): boolean {
  if (asked.kind === "design") return open?.kind === "design" && open.revision === asked.revision;
  if (asked.kind === "qa-change") return open?.kind === "qa-change" && open.fingerprint === asked.fingerprint;
  return open?.kind === asked.kind;
}

/** Choices of a yes/no question of ours, in the order they are shown. */
export function yesNoChoices(yes: string, no: string): Choice[] {
  return [
    { number: 1, label: yes, verdict: "yes" },
    { number: 2, label: no, verdict: "no" },
  ];
}

function answerTo(state: Swarm, text: string, language: "en" | "ko", at: number): SwarmEvent[] {
  const { question } = state;
  if (question?.kind === "design" && state.design.status === "open") {
    const answer = readAnswer(text, approvalChoices(state.design.proposal, language));
    const qaStrategy = answer.qaStrategy ? { qaStrategy: answer.qaStrategy } : {};
    const said = text.trim().slice(0, EXCERPT);
    return [{ type: "design_answered", at, revision: question.revision, verdict: answer.verdict, said, ...qaStrategy }];
  }
  if (question?.kind === "qa-change") {
    return decided(readAnswer(text, yesNoChoices("Accept the changed QA", "Do not accept")), (accepted) => ({
      type: "qa_change_answered",
      at,
      fingerprint: question.fingerprint,
      accepted,
    }));
  }
  if (question?.kind === "unsandboxed-qa") {
    return decided(readAnswer(text, yesNoChoices("Run QA without a sandbox", "Do not run it")), (accepted) => ({
      type: "unsandboxed_qa_answered",
      at,
      accepted,
    }));
  }
  return [];
}

function decided(answer: Answer, event: (accepted: boolean) => SwarmEvent): SwarmEvent[] {
  return answer.verdict === "unclear" ? [] : [event(answer.verdict === "yes")];
}

export function proposeDesign(command: CommandOf<"propose_design">, state: SwarmState): Decision {
  const missing = needSwarm(state);
  if (missing || !state) return refuse(missing);
  if (designSettled(state)) {
    return refuse(
      refusal(
        "design-settled",
        `the design is already ${state.design.status} and the swarm is in ${state.phase}.`,
        "build what was agreed; for another design the person ends this swarm with /abort-swarm and asks anew.",
      ),
    );
  }
  const { summary, features, stack, qaStrategy, project, at } = command;
  const revision = state.design.lastRevision + 1;
  const proposal = {
    revision,
    summary,
    features: features.map((feature) => ({ ...feature })),
    qaStrategy,
    ...(stack === undefined ? {} : { stack }),
    ...(project === undefined ? {} : { project }),
  };
  return accept({ type: "design_proposed", at, proposal });
}

export function approveDesign(command: CommandOf<"approve_design">, state: SwarmState): Decision {
  const missing = needSwarm(state);
  if (missing || !state) return refuse(missing);
  const { design } = state;
  if (design.status === "approved" && design.proposal.revision === command.revision) return accept();
  if (design.status === "none" || design.status === "approved" || design.status === "skipped") {
    return refuse(
      refusal(
        "nothing-to-approve",
        design.status === "none" ? "no design was proposed." : `the design is already ${design.status}.`,
        design.status === "none" ? "call propose_design first." : "go on with the phase you are in.",
      ),
    );
  }
  if (command.revision !== design.proposal.revision) {
    return refuse(
      refusal(
        "wrong-revision",
        `revision ${command.revision} is not the open one; that is revision ${design.proposal.revision}.`,
        `an approval counts for the last proposal only: ask about revision ${design.proposal.revision}.`,
      ),
    );
  }
  const { revision } = design.proposal;
  if (design.status === "agreed") {
    return accept({ type: "design_approved", at: command.at, revision, by: "person", qaStrategy: design.qaStrategy });
  }
  if (design.status === "rejected") {
    return refuse(
      refusal(
        "design-rejected",
        `the person said no to revision ${revision}.`,
        "ask what to change, then call propose_design again.",
      ),
    );
  }
  if (state.autopilot) {
    const { qaStrategy } = design.proposal;
    return accept({ type: "design_approved", at: command.at, revision, by: "autopilot", qaStrategy });
  }
  return refuse(
    refusal(
      design.answer === "unclear" ? "answer-unclear" : "not-answered",
      design.answer === "unclear"
        ? `the person's answer to revision ${revision} was neither a yes nor a no.`
        : `no person has answered revision ${revision}; only a person's yes approves a design.`,
      "show the numbered choices, end your turn, and wait for the person.",
    ),
  );
}

export function skipDesign(command: CommandOf<"skip_design">, state: SwarmState): Decision {
  const missing = needSwarm(state);
  if (missing || !state) return refuse(missing);
  if (designSettled(state)) {
    return refuse(
      refusal("design-settled", `the design is already ${state.design.status}.`, "go on with the phase you are in."),
    );
  }
  const { reason, at } = command;
  if (state.skipAsked) {
    return accept({ type: "design_skipped", at, reason, by: "person", workersAllowed: state.settings.maxWorkers });
  }
  if (state.settings.designOptional) {
    return accept({ type: "design_skipped", at, reason, by: "configuration", workersAllowed: 1 });
  }
  return refuse(
    refusal(
      "skip-not-asked",
      "the person did not ask to go without a design.",
      `call propose_design; a person can say so in words (for example "${state.settings.skipPhrases[0] ?? "skip the design"}").`,
    ),
  );
}

export function completeFoundation(command: CommandOf<"complete_foundation">, state: SwarmState): Decision {
  const missing = needSwarm(state);
  if (missing || !state) return refuse(missing);
  const phase = needFoundationPhase(state);
  if (phase) return refuse(phase);
  const failed = command.qa.filter((row) => !row.passed).map((row) => row.check);
  if (failed.length > 0 && !overridden(state, "foundation")) {
    return refuse(
      refusal(
        "foundation-qa-failed",
        `the foundation does not pass ${failed.join(", ")}.`,
        "mend it, then call complete_foundation again.",
      ),
    );
  }
  const { summary, commit, tree, paths, qa, at } = command;
  return accept({ type: "foundation_completed", at, summary, commit, tree, paths: [...paths], qa: [...qa] });
}

export function abortSwarm(command: CommandOf<"abort_swarm">, state: SwarmState): Decision {
  if (!state || isOver(state)) return refuse(needSwarm(state));
  const { at, by, reason } = command;
  const cancelled = state.workers.filter(isLive).map((worker): SwarmEvent => {
    return {
      type: "worker_cancelled",
      at,
      worker: worker.assignment.id,
      reason: "the swarm was aborted",
      reverted: [],
    };
  });
  // The abort first: nobody is woken about the end of a Worker of a swarm that is over.
  return accept({ type: "swarm_aborted", at, by, reason }, ...cancelled);
}
