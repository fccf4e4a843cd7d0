import { describe, expect, it } from "vitest";
import { swarmEventSchema } from "../../../src/core/workflow/events.ts";
import { evolve } from "../../../src/core/workflow/evolve.ts";
import { react } from "../../../src/core/workflow/react.ts";
import type { Swarm } from "../../../src/core/workflow/state.ts";
import { stopText, waitText } from "../../../src/core/workflow/stopText.ts";
import type { Told } from "./scenario.ts";
import {
  abort,
  alive,
  begin,
  commanderCut,
  commanderFails,
  commanderTakenUp,
  dispatch,
  given,
  inDispatch,
  inMonitoring,
  part,
  propose,
  report,
  says,
  stops,
  turnEnds,
} from "./scenario.ts";

/** The `n`-th failure of a request, and the take-up after it. */
const survived = (n: number): Told[] => [commanderFails(), commanderTakenUp(n)];

describe("a model request of the Commander's that failed for good", () => {
  it("is taken up after a wait, twice as long each time, spread by jitter, and the person is told of the wait", () => {
    given(...inDispatch)
      .when(commanderFails())
      .gives({ type: "commander_interrupted", failure: "overload", takeUp: 1, waitMs: 10_000 });
    given(...inDispatch)
      .when(commanderFails("reset", { jitter: 0 }))
      .gives({ type: "commander_interrupted", failure: "reset", waitMs: 5_000 });
    given(...inDispatch, ...survived(1), ...survived(2))
      .when(commanderFails())
      .gives({ type: "commander_interrupted", takeUp: 3, waitMs: 40_000 });
    const before = alive(inDispatch);
    const event = {
      type: "commander_interrupted",
      at: 1,
      failure: "reset",
      detail: "d",
      takeUp: 1,
      waitMs: 7,
    } as const;
    expect(react(event, before, evolve(before, event) as Swarm)).toEqual([
      { type: "take_up_commander", session: "commander", takeUp: 1, waitMs: 7 },
      { type: "notify", level: "warning", what: "commander-waits" },
    ]);
  });

  it("goes on with the step that is missing, and its turn was none without progress", () => {
    given(...inDispatch, commanderFails())
      .when(commanderTakenUp(1))
      .gives({
        type: "continued",
        why: expect.stringContaining("did not answer"),
        missing: expect.stringContaining("dispatch_workers"),
      });
    expect(alive([...inDispatch, ...survived(1), ...survived(2)])).toMatchObject({
      continuations: 0,
      exhausted: false,
    });
  });

  it("is taken up once: a second end of the wait, or one of another wait, does nothing", () => {
    given(...inDispatch, ...survived(1))
      .when(commanderTakenUp(1))
      .gives();
    given(...inDispatch, commanderFails())
      .when(commanderTakenUp(2))
      .gives();
    given(...inDispatch, commanderFails())
      .when(commanderFails())
      .gives();
  });

  it("five times while it works alone, then the person is told why; in the talk with a person twice", () => {
    const five = [1, 2, 3, 4, 5].flatMap(survived);
    given(...inDispatch, ...five)
      .when(commanderFails())
      .gives({ type: "continuation_exhausted", cause: { kind: "request", failure: "overload", detail: "scripted" } });
    given(...inDispatch, ...five, commanderFails(), says("go on"))
      .when(commanderFails())
      .gives({ type: "commander_interrupted", takeUp: 1 });
    given(begin(), ...survived(1), ...survived(2))
      .when(commanderFails())
      .gives("continuation_exhausted");
    given(begin(), { ...says("go"), autopilot: true } as Told, ...survived(1), ...survived(2))
      .when(commanderFails())
      .gives("commander_interrupted");
    given(begin({ takeUps: { times: 0, firstMs: 1 } }))
      .when(commanderFails())
      .gives("continuation_exhausted");
  });

  it("in the talk it goes on from the person's words, and shows a proposal that nobody saw", () => {
    given(begin(), commanderFails())
      .when(commanderTakenUp(1))
      .gives({ type: "continued", missing: expect.stringMatching(/person's last message.*propose_design/u) });
    given(begin(), propose, commanderFails())
      .when(commanderTakenUp(1))
      .gives({ type: "continued", missing: expect.stringContaining("show the choices") });
  });

  it("is left to the person at once where no further try mends it", () => {
    given(...inDispatch)
      .when(commanderFails("auth"))
      .gives({ type: "continuation_exhausted", cause: { kind: "request", failure: "auth", detail: "scripted" } });
    given(...inDispatch)
      .when(commanderFails("stalled"))
      .gives("commander_interrupted");
  });

  it("says nothing in a swarm that rests, is over, or has its Commander in another session", () => {
    given(...inDispatch, stops)
      .when(commanderFails())
      .gives();
    given(...inDispatch, commanderFails(), stops)
      .when(commanderTakenUp(1))
      .gives();
    given(...inDispatch, abort)
      .when(commanderFails())
      .gives();
    given(...inDispatch)
      .when(commanderFails("overload", { session: "another" }))
      .gives();
    given(...inDispatch, commanderFails("auth"))
      .when(commanderFails("auth"))
      .gives();
  });

  it("waits no longer once the person spoke, or a Worker's end woke it", () => {
    given(...inDispatch, commanderFails(), says("go on"))
      .when(commanderTakenUp(1))
      .gives();
    given(...inMonitoring, commanderFails(), report("w01", { status: "failed" }))
      .when(commanderTakenUp(1))
      .gives();
  });

  it("is taken up by the next process where this one ended in the wait", () => {
    given(...inMonitoring, commanderFails())
      .when(turnEnds)
      .gives({ type: "continued", why: expect.stringContaining("did not answer") });
    expect(alive([...inMonitoring, commanderFails(), turnEnds]).commanderTrouble?.waiting).toBeUndefined();
  });
});

describe("an answer of the Commander's that was cut", () => {
  it("is told when the turn is over, in every phase: in the talk, with Workers at work, with a question open", () => {
    for (const led of [[begin()], [begin(), propose], inDispatch, inMonitoring]) {
      given(...led, commanderCut)
        .when(turnEnds)
        .gives({ type: "continued", why: expect.stringMatching(/repeated the same line.*one small step/u) });
    }
    given(begin(), commanderCut, turnEnds).when(turnEnds).gives();
  });

  it("is not told twice: what a tool's result said is said", () => {
    given(...inMonitoring, commanderCut, { type: "commander_told", session: "commander" })
      .when(turnEnds)
      .gives();
    given(...inMonitoring)
      .when({ type: "commander_told", session: "commander" })
      .gives();
  });

  it("a third time without progress it goes to the person, with the reason", () => {
    const twice = [commanderCut, turnEnds, commanderCut, turnEnds];
    given(begin(), ...twice)
      .when(commanderCut)
      .gives("commander_ran_away", { type: "continuation_exhausted", cause: { kind: "cut", what: "repeatedLine" } });
    given(begin(), ...twice, commanderCut)
      .when(turnEnds)
      .gives();
    expect(alive([begin(), ...twice, commanderCut])).toMatchObject({ exhausted: true, stopped: { kind: "cut" } });
    given(begin(), ...twice, propose)
      .when(commanderCut)
      .gives("commander_ran_away");
    given(begin(), ...twice, commanderCut, says("smaller"), commanderCut)
      .when(turnEnds)
      .gives("continued");
    expect(alive([begin(), ...twice, commanderCut, says("smaller")]).stopped).toBeUndefined();
  });

  it("does not stop what goes on: Workers are dispatched, and their ends count", () => {
    const state = alive([...inDispatch, commanderCut, commanderCut, commanderCut, dispatch(part("cart"))]);
    expect(state).toMatchObject({ exhausted: false, phase: "monitoring" });
    expect(state.commanderTrouble).toBeUndefined();
  });
});

describe("what the person reads", () => {
  it.each(["en", "ko"] as const)("names the failure and the next step (%s)", (language) => {
    for (const failure of ["overload", "auth", "quota", "unknown"]) {
      const text = stopText({ kind: "request", failure, detail: "HTTP 503 engine dead" }, language);
      expect(text).toContain(`(${failure}): HTTP 503 engine dead`);
      expect(text).toContain("swarm resume");
    }
    expect(stopText({ kind: "request", failure: "overload", detail: "" }, language)).toContain(
      "oh-my-qwencoder doctor",
    );
    expect(stopText({ kind: "cut", what: "noEnd" }, language)).toMatch(/\(noEnd\).*swarm resume/u);
    expect(stopText({ kind: "cut", what: "repeatedLine" }, language)).toMatch(/the same line|같은 줄/u);
    expect(waitText({ failure: "reset", since: 1_000, waitMs: 10_000 }, 4_500, language)).toMatch(
      /reset.*\b7 ?(?:s|초)/u,
    );
  });

  it("events of older logs, without a reason, still read", () => {
    expect(swarmEventSchema.safeParse({ type: "continued", at: 1, missing: "m" }).success).toBe(true);
    expect(swarmEventSchema.safeParse({ type: "continuation_exhausted", at: 1 }).success).toBe(true);
  });
});
