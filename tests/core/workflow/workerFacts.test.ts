import { describe, expect, it } from "vitest";
import { decide } from "../../../src/core/workflow/decide.ts";
import type { SwarmEvent } from "../../../src/core/workflow/events.ts";
import { evolve } from "../../../src/core/workflow/evolve.ts";
import { react } from "../../../src/core/workflow/react.ts";
import type { SwarmState } from "../../../src/core/workflow/state.ts";
import type { Told } from "./scenario.ts";
import {
  abort,
  alive,
  given,
  idle,
  inMonitoring,
  ran,
  retry,
  started,
  statuses,
  stops,
  timed,
  workersEnded,
} from "./scenario.ts";

describe("a Worker that stops without a report", () => {
  it("is asked once, then fails with its last words", () => {
    given(...inMonitoring)
      .when(idle("w01"))
      .gives("worker_nudged");
    given(...inMonitoring, idle("w01"))
      .when(idle("w01"))
      .gives({ type: "worker_failed", reason: expect.stringContaining("hm") });
    given(...inMonitoring, idle("w01"), idle("w01"))
      .when(idle("w01"))
      .gives();
    given(...inMonitoring, idle("w01"), retry("w01"), started("w01", "again"))
      .when(idle("w01"))
      .gives("worker_nudged");
  });

  it("does not stall the others", () => {
    expect(statuses([...inMonitoring, idle("w01"), idle("w01")])).toEqual(["failed", "exploring"]);
  });
});

describe("facts about Workers", () => {
  it("start once, move on, and count what they wrote", () => {
    given(...inMonitoring)
      .when(started("w01", "twice"))
      .gives();
    given(...inMonitoring)
      .when({ type: "worker_advanced", worker: "w01", stage: "exploring" })
      .gives();
    given(...inMonitoring)
      .when({ type: "worker_advanced", worker: "w01", stage: "self-qa" })
      .gives("worker_advanced");
    given(...inMonitoring)
      .when({ type: "worker_wrote", worker: "w01", paths: ["a"] })
      .gives("worker_wrote", { stage: "implementing" });
    const wrote: Told = { type: "worker_wrote", worker: "w01", paths: ["a"] };
    const checking: Told[] = [...inMonitoring, wrote, { type: "worker_advanced", worker: "w01", stage: "self-qa" }];
    expect(statuses(checking)[0]).toBe("self-qa");
    given(...checking)
      .when(wrote)
      .gives({ type: "worker_advanced", stage: "implementing" });
    given(...inMonitoring, wrote)
      .when(wrote)
      .gives();
    given(...inMonitoring)
      .when({ type: "worker_resumed", worker: "w01" })
      .gives("worker_resumed");
    given(...workersEnded)
      .when({ type: "worker_resumed", worker: "w01" })
      .gives();
    given(...inMonitoring)
      .when({ type: "worker_strayed", worker: "w01", paths: ["x"], how: "bash" })
      .gives("worker_strayed");
    given(...inMonitoring)
      .when(started("w99"))
      .gives();
  });

  it("change nothing once the swarm is over", () => {
    const facts: Told[] = [
      started("w01"),
      idle("w01"),
      ran("w01"),
      { type: "worker_wrote", worker: "w01", paths: ["late"] },
      { type: "worker_strayed", worker: "w01", paths: ["late"], how: "bash" },
      { type: "worker_failed", worker: "w01", reason: "late" },
      { type: "worker_resumed", worker: "w01" },
      { type: "worker_advanced", worker: "w01", stage: "self-qa" },
      { type: "commander_wrote", paths: ["late"] },
    ];
    for (const fact of facts)
      given(...inMonitoring, abort)
        .when(fact)
        .gives();
  });
});

describe("what a Worker's end sets off", () => {
  it("wakes the Commander, and says when it was the last", () => {
    const before = alive([...inMonitoring, ran("w01"), ran("w02")]);
    const end = (worker: string): SwarmEvent => ({
      type: "worker_reported",
      at: 1,
      worker,
      status: "completed",
      summary: "",
      qa: [],
      qaVerified: true,
    });
    const one = evolve(before, end("w01"));
    if (!one) throw new Error("no swarm");
    expect(react(end("w01"), before, one)).toEqual([
      { type: "wake_commander", session: "commander", about: "worker-ended", worker: "w01" },
    ]);
    const both = evolve(one, end("w02"));
    expect(both && react(end("w02"), one, both)).toEqual([
      { type: "wake_commander", session: "commander", about: "all-ended", worker: "w02" },
    ]);
  });

  it.each([
    ["stopped", stops],
    ["aborted", abort],
  ])("wakes nobody when the person %s the swarm", (_how, told) => {
    let state: SwarmState = alive(inMonitoring);
    const decision = decide(timed(told), state);
    const effects = [];
    for (const event of decision.ok ? decision.events : []) {
      const next: SwarmState = evolve(state, event);
      if (next) effects.push(...react(event, state, next));
      state = next;
    }
    expect(state?.workers.map((worker) => worker.status)).toEqual(["cancelled", "cancelled"]);
    expect(effects.map((effect) => effect.type)).not.toContain("wake_commander");
    for (const worker of ["w01", "w02"])
      expect(effects).toContainEqual({ type: "abort_session", session: `session-${worker}`, worker });
  });
});
