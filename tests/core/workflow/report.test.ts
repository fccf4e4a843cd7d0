import { describe, expect, it } from "vitest";
import type { SwarmEvent } from "../../../src/core/workflow/events.ts";
import { evolve } from "../../../src/core/workflow/evolve.ts";
import { react } from "../../../src/core/workflow/react.ts";
import type { Told } from "./scenario.ts";
import { alive, commit, given, inFinalQa } from "./scenario.ts";

const ask: Told = { type: "ask_report" };
const told = (session = "commander"): Told => ({ type: "report_given", session });
const committed = [...inFinalQa, commit()];

describe("the report of a commit", () => {
  it("is owed from the commit until the Commander's turn ends", () => {
    expect(alive(committed).report).toEqual({ asked: 0 });
    expect(alive([...committed, told("another")]).report).toEqual({ asked: 0 });
    expect(alive([...committed, told()]).report).toBeUndefined();
    given(...inFinalQa)
      .when(ask)
      .gives();
  });

  it("is asked for after a restart, three times at most, and never once it was given", () => {
    given(...committed)
      .when(ask)
      .gives("report_asked");
    given(...committed, ask, ask, ask)
      .when(ask)
      .gives();
    given(...committed, ask, told())
      .when(ask)
      .gives();
  });

  it("wakes the Commander with the commit's name", () => {
    const before = alive(committed);
    const event: SwarmEvent = { type: "report_asked", at: 1 };
    const after = evolve(before, event);
    if (!after) throw new Error("no state");
    expect(react(event, before, after)).toEqual([
      expect.objectContaining({
        type: "continue_commander",
        session: "commander",
        missing: expect.stringContaining("final report"),
      }),
    ]);
  });

  it("is owed by no log of an older version", () => {
    const before = alive(inFinalQa);
    const old: SwarmEvent = { type: "committed", at: 1, commit: "c", tree: "t1", message: "m", paths: [] };
    expect(evolve(before, old)).toMatchObject({ phase: "done" });
    expect(evolve(before, old)?.report).toBeUndefined();
  });
});
