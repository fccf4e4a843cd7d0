import { describe, expect, it } from "vitest";
import { missingStep } from "../../../src/core/workflow/missingStep.ts";
import { asksToSkip } from "../../../src/core/workflow/person.ts";
import type { Told } from "./scenario.ts";
import {
  abort,
  alive,
  approve,
  begin,
  dispatch,
  foundation,
  given,
  inDispatch,
  inFoundation,
  inMonitoring,
  override,
  part,
  propose,
  row,
  SETTINGS,
  says,
  turnEnds,
} from "./scenario.ts";

const skip: Told = { type: "skip_design", reason: "small" };

describe("a swarm begins", () => {
  it("once at a time", () => {
    given().when(begin()).gives("swarm_started");
    given(begin()).when(begin()).refused("swarm-live", /abort/);
    given(begin(), abort).when(begin()).gives("swarm_started");
  });

  it("and without one every tool of the Commander says so", () => {
    for (const told of [propose, approve(), skip, foundation, dispatch(part("a"))]) {
      given().when(told).refused("no-swarm");
      given(begin(), abort).when(told).refused("swarm-aborted");
    }
  });

  it("forgets everything of the one before", () => {
    const again = given(...inMonitoring, abort)
      .when({ ...begin(), id: "s-2" } as Told)
      .leadsTo();
    expect(again).toMatchObject({
      id: "s-2",
      phase: "design",
      workers: [],
      autopilot: false,
      skipAsked: false,
      overrides: [],
    });
  });
});

describe("approval", () => {
  const proposed = [begin(), propose];

  it("needs a person's answer", () => {
    given(...proposed)
      .when(approve())
      .refused("not-answered", /wait for the person/);
    given(begin())
      .when(approve())
      .refused("nothing-to-approve", /propose_design/);
    given(begin(), says("yes")).when(approve()).refused("nothing-to-approve");
  });

  it.each(["1", "1번", "1번으로, Next.js로", "yes", "승인", "진행해", "네, 진행해 주세요"])(
    "comes from %j",
    (words) => {
      given(...proposed)
        .when(says(words))
        .gives("person_spoke", { type: "design_answered", verdict: "yes", revision: 1 });
      given(...proposed, says(words))
        .when(approve())
        .gives({ type: "design_approved", by: "person", revision: 1 });
    },
  );

  it("comes from a label of the question, with the strategy chosen", () => {
    const label = "Approve — QA: each Worker runs its own QA";
    given(...proposed, says(label, "question"))
      .when(approve())
      .gives({ type: "design_approved", qaStrategy: "worker-self" });
    given(...proposed, says("4"))
      .when(approve())
      .gives({ type: "design_approved", qaStrategy: "full-e2e" });
  });

  it("does not come from words said before the proposal, nor from an older revision's yes", () => {
    given(begin(), says("yes"), propose).when(approve()).refused("not-answered");
    given(...proposed, says("yes"), propose)
      .when(approve(2))
      .refused("not-answered");
    given(...proposed, says("yes"), propose)
      .when(approve(1))
      .refused("wrong-revision");
  });

  it("does not come from an answer to a question that was replaced meanwhile", () => {
    const late: Told = {
      type: "person_spoke",
      text: "1",
      autopilot: false,
      via: "question",
      regarding: { kind: "design", revision: 1 },
    };
    given(...proposed)
      .when(late)
      .gives("person_spoke", "design_answered");
    given(...proposed, propose)
      .when(late)
      .gives("person_spoke");
    given(...proposed, propose, late)
      .when(approve(2))
      .refused("not-answered");
  });

  it("is refused after a no until something new is proposed; an unclear answer is asked again", () => {
    given(...proposed, says("no"))
      .when(approve())
      .refused("design-rejected", /propose_design/);
    given(...proposed, says("no"), says("yes"))
      .when(approve())
      .refused("design-rejected");
    given(...proposed, says("no"), propose, says("1"))
      .when(approve(2))
      .gives("design_approved");
    given(...proposed, says("what is in it?"))
      .when(approve())
      .refused("answer-unclear", /numbered choices/);
    given(...proposed, says("what is in it?"), says("ok"))
      .when(approve())
      .gives("design_approved");
  });

  it("comes from autopilot only where the person typed it, and never over their no", () => {
    given(begin(), says("/autopilot build a shop"), propose)
      .when(approve())
      .gives({ type: "design_approved", by: "autopilot" });
    given(begin(), says("autopilot: a shop"), propose)
      .when(approve())
      .gives({ type: "design_approved", by: "autopilot" });
    given(begin(), says("is /autopilot on?"), propose).when(approve()).refused("not-answered");
    given(begin(), says("/autopilot", "question"), propose).when(approve()).refused("not-answered");
    given(begin(), says("/autopilot x"), propose, says("no")).when(approve()).refused("design-rejected");
  });

  it("is the person's again once they called autopilot off", () => {
    const off: Told = { type: "cancel_autopilot" };
    const flown = [begin(), says("/autopilot build a shop"), propose];
    given(...flown)
      .when(off)
      .gives("autopilot_cancelled");
    given(...flown, off)
      .when(approve())
      .refused("not-answered");
    given(...flown, off, says("yes"))
      .when(approve())
      .gives("design_approved");
    given(...flown, off)
      .when(off)
      .gives();
    given().when(off).gives();
  });

  it("is recorded once, and settles the design", () => {
    given(...inFoundation)
      .when(approve())
      .gives();
    given(...inFoundation)
      .when(propose)
      .refused("design-settled", /abort-swarm/);
    given(...inFoundation)
      .when(skip)
      .refused("design-settled");
  });

  it("waits for approve_design even after a yes", () => {
    given(...proposed, says("yes"))
      .when(foundation)
      .refused("design-not-approved", /approve_design with revision 1/);
  });
});

describe("going without a design", () => {
  it("is the person's word or the configuration's", () => {
    given(begin())
      .when(skip)
      .refused("skip-not-asked", /skip the design/);
    given(begin(), says("Just do it.")).when(skip).gives({ type: "design_skipped", by: "person", workersAllowed: 3 });
    given(begin(), says("로그인 화면 바로 진행해줘")).when(skip).gives({ type: "design_skipped", by: "person" });
    given(begin(), says("just do it", "question")).when(skip).refused("skip-not-asked");
    given(begin({ designOptional: true }))
      .when(skip)
      .gives({ type: "design_skipped", by: "configuration", workersAllowed: 1 });
  });

  it.each([
    "Please skip the design and build a cart",
    "JUST   DO IT!",
    "cart in src. skip the design.",
    "카트를 바로 진행해 주세요",
  ])("%j asks for it", (words) => expect(asksToSkip(words, SETTINGS.skipPhrases)).toBe(true));

  it.each([
    "do not skip the design",
    "don't just do it",
    "I don't want you to skip the design",
    "never skip the design",
    "please do not, ever, skip the design",
    "why did you skip the design",
    "skip the design?",
    "should we skip the design",
    "if you skip the design I leave",
    "바로 진행하지 마세요",
    "바로 진행하면 안 돼",
    "바로 진행하지 말고 설계부터",
    "`skip the design`",
    "> just do it",
    'the button says "just do it"',
    "skip the designer role",
    "build a shop",
    "```\nskip the design\n```",
    "바로 진행할까요",
    "let me skip the design",
  ])("%j does not", (words) => expect(asksToSkip(words, SETTINGS.skipPhrases)).toBe(false));

  it("allows as many Workers as it says", () => {
    const one = [begin({ designOptional: true }), skip, foundation];
    given(...one)
      .when(dispatch(part("a"), part("b")))
      .refused("too-many-without-design", /in their own words/);
    given(...one)
      .when(dispatch(part("a")))
      .gives("workers_dispatched");
    given(...one, dispatch(part("a")))
      .when(dispatch(part("b")))
      .refused("too-many-without-design");
    given(begin(), says("just do it"), skip, foundation)
      .when(dispatch(part("a"), part("b"), part("c")))
      .gives("workers_dispatched");
  });
});

describe("the foundation", () => {
  it("needs the design, passes its QA, and is recorded once", () => {
    given(begin())
      .when(foundation)
      .refused("design-missing", /propose_design/);
    given(begin(), propose).when(foundation).refused("design-not-approved");
    given(begin(), propose, says("no")).when(foundation).refused("design-missing");
    given(...inFoundation)
      .when(foundation)
      .gives("foundation_completed");
    given(...inFoundation)
      .when({ ...foundation, qa: [row("tsc", false)] } as Told)
      .refused("foundation-qa-failed", /mend it/);
    given(...inDispatch)
      .when(foundation)
      .refused("foundation-complete", /dispatch_workers/);
    given(...inMonitoring)
      .when(foundation)
      .refused("foundation-complete", /worker_status/);
  });

  it("is recorded with failing QA where the person overrode its gate", () => {
    const failing = { ...foundation, qa: [row("tsc", false)] } as Told;
    given(...inFoundation, override("foundation"))
      .when(failing)
      .gives("foundation_completed");
  });
});

describe("an override of the design gate", () => {
  it("leads into the foundation, and a later approval takes no phase back", () => {
    expect(alive([begin(), propose, override("design")])).toMatchObject({ phase: "foundation" });
    expect(alive([begin(), propose, override("design")]).question).toBeUndefined();
    given(begin(), override("design")).when(foundation).gives("foundation_completed");
    const late = [begin(), says("/autopilot x"), propose, override("design"), foundation, approve()];
    expect(alive(late).phase).toBe("dispatch");
  });
});

describe("the design's questions", () => {
  it("are named as the next step, for the person or under autopilot for the Commander", () => {
    expect(missingStep(alive([begin()]))).toMatch(/propose_design/);
    expect(missingStep(alive([begin(), propose]))).toMatch(/Revision 1 waits for the person/);
    expect(missingStep(alive([begin(), says("/autopilot x"), propose]))).toMatch(/approve_design with revision 1/);
  });

  it("are not continued while they are open or after a no", () => {
    given(begin()).when(turnEnds).gives();
    given(begin(), propose).when(turnEnds).gives();
    given(begin(), propose, says("hm, why?")).when(turnEnds).gives();
    given(begin(), propose, says("no")).when(turnEnds).gives();
    given(begin(), propose, says("yes"))
      .when(turnEnds)
      .gives({ type: "continued", missing: expect.stringMatching(/approve_design/) });
  });

  it("are none under autopilot: the Commander that stops after its proposal, or before it, is sent on; a no still counts", () => {
    const autopilot = [begin(), says("/autopilot x")];
    given(...autopilot)
      .when(turnEnds)
      .gives({ type: "continued", missing: expect.stringMatching(/propose_design/) });
    given(...autopilot, propose)
      .when(turnEnds)
      .gives({ type: "continued", missing: expect.stringMatching(/approve_design with revision 1/) });
    given(...autopilot, propose, says("no"))
      .when(turnEnds)
      .gives();
    given(...autopilot, propose, turnEnds, turnEnds, turnEnds)
      .when(turnEnds)
      .gives({ type: "continuation_exhausted" });
  });
});
