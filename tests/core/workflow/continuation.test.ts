import { describe, expect, it } from "vitest";
import { decide } from "../../../src/core/workflow/decide.ts";
import { evolve } from "../../../src/core/workflow/evolve.ts";
import { react } from "../../../src/core/workflow/react.ts";
import type { Told } from "./scenario.ts";
import {
  abort,
  alive,
  dispatch,
  given,
  inDispatch,
  inFinalQa,
  inFoundation,
  inIntegrate,
  inMonitoring,
  part,
  read,
  says,
  started,
  stops,
  turnEnds,
  workersEnded,
} from "./scenario.ts";

describe("continuation", () => {
  it("goes on at most 3 times without progress, then tells the person once", () => {
    const three = [turnEnds, turnEnds, turnEnds];
    given(...inFoundation)
      .when(turnEnds)
      .gives({ type: "continued", missing: expect.stringMatching(/complete_foundation/) });
    given(...inFoundation, ...three)
      .when(turnEnds)
      .gives("continuation_exhausted");
    given(...inFoundation, ...three, turnEnds)
      .when(turnEnds)
      .gives();
    given(...inFoundation, ...three, turnEnds, says("go on"))
      .when(turnEnds)
      .gives("continued");
    given(...inDispatch, ...three)
      .when(turnEnds)
      .gives("continuation_exhausted");
    given(...inIntegrate, ...three, read("w01"))
      .when(turnEnds)
      .gives("continued");
    given(...inIntegrate, read("w01"), ...three, read("w01"))
      .when(turnEnds)
      .gives("continuation_exhausted");
  });

  it("never while Workers live, a question is open, or the person stopped it", () => {
    given(...inMonitoring)
      .when(turnEnds)
      .gives();
    given(...inDispatch, dispatch(part("a")))
      .when(turnEnds)
      .gives();
    given(...inFinalQa, { type: "qa_change_seen", fingerprint: "q", paths: ["p"] })
      .when(turnEnds)
      .gives();
    given(...inFinalQa, { type: "ask_unsandboxed_qa" })
      .when(turnEnds)
      .gives();
    given(...inFinalQa, stops)
      .when(turnEnds)
      .gives();
    given(...inFinalQa, stops, says("weiter"))
      .when(turnEnds)
      .gives("continued");
    given(...inFinalQa, abort)
      .when(turnEnds)
      .gives();
    given().when(turnEnds).gives();
  });

  it("names the step that is missing", () => {
    const missing = (commands: Told[], words: RegExp) =>
      given(...commands)
        .when(turnEnds)
        .gives({ missing: expect.stringMatching(words) });
    missing(inDispatch, /dispatch_workers/);
    missing(workersEnded, /check_conflicts/);
    missing(inIntegrate, /read_worker for w01, w02/);
    missing([...inIntegrate, read("w01"), read("w02")], /run_qa/);
    missing(inFinalQa, /commit_changes/);
  });
});

describe("the person's stop and abort", () => {
  it("end the Workers with the Commander's turn; work goes on when the person speaks", () => {
    given(...inMonitoring)
      .when(stops)
      .gives("person_aborted", "worker_cancelled", "worker_cancelled");
    given(...inMonitoring)
      .when({ ...stops, session: "another" } as Told)
      .gives();
    given(...inMonitoring, stops)
      .when(stops)
      .gives();
    expect(alive([...inMonitoring, stops]).paused).toBe(true);
    expect(alive([...inMonitoring, stops, says("on")]).paused).toBe(false);
  });

  it("abort_swarm ends it for good", () => {
    given().when(abort).refused("no-swarm");
    given(...inMonitoring)
      .when(abort)
      .gives("swarm_aborted", "worker_cancelled", "worker_cancelled");
    given(...inMonitoring, abort)
      .when(abort)
      .refused("swarm-aborted");
    expect(alive([...inFinalQa, { type: "ask_unsandboxed_qa" }, abort]).question).toBeUndefined();
    given(...inMonitoring, abort)
      .when(started("w01"))
      .gives();
  });
});

describe("a Commander whose session is gone", () => {
  const adopt = (session: string): Told => ({ type: "adopt_swarm", session });

  it("is replaced by the session the person writes to next; phase, Workers and answers stay", () => {
    given(...inMonitoring)
      .when(adopt("another"))
      .gives({ type: "commander_replaced", session: "another", was: "commander" });
    const before = alive(inMonitoring);
    expect(alive([...inMonitoring, adopt("another")])).toEqual({ ...before, session: "another" });
    given(...inMonitoring, adopt("another"))
      .when(adopt("another"))
      .gives();
  });

  it("is woken and sent on in its new session", () => {
    const state = alive([...inMonitoring, adopt("another")]);
    const decision = decide({ type: "worker_failed", at: 2, worker: "w01", reason: "gone" }, state);
    if (!decision.ok) throw new Error("refused");
    const effects = decision.events.flatMap((event) => react(event, state, evolve(state, event) ?? state));
    expect(effects.filter((effect) => effect.type === "wake_commander")).toMatchObject([{ session: "another" }]);
  });
});
