import { describe, expect, it } from "vitest";
import { decide } from "../../../src/core/workflow/decide.ts";
import { evolve } from "../../../src/core/workflow/evolve.ts";
import { owed, startable } from "../../../src/core/workflow/react.ts";
import type { Told } from "./scenario.ts";
import {
  alive,
  begin,
  cancel,
  dispatch,
  given,
  inDispatch,
  inFoundation,
  inMonitoring,
  part,
  ran,
  report,
  retry,
  says,
  started,
  statuses,
  stops,
  workersEnded,
} from "./scenario.ts";

describe("dispatch_workers", () => {
  it("needs the design and the foundation", () => {
    given(begin())
      .when(dispatch(part("a")))
      .refused("design-missing");
    given(...inFoundation)
      .when(dispatch(part("a")))
      .refused("foundation-missing", /complete_foundation/);
    given(...inDispatch)
      .when(dispatch(part("a"), part("b"), part("c")))
      .gives("workers_dispatched");
  });

  it("takes 1 to maxWorkers, live ones counted", () => {
    given(...inDispatch)
      .when(dispatch())
      .refused("no-workers", /1 to 3/);
    given(...inDispatch)
      .when(dispatch(part("a"), part("b"), part("c"), part("d")))
      .refused("too-many-workers", /at most 3/);
    given(...inMonitoring)
      .when(dispatch(part("a"), part("b")))
      .refused("too-many-workers", /at most 1/);
    given(...inMonitoring)
      .when(dispatch(part("a")))
      .gives("workers_dispatched");
    given(...workersEnded)
      .when(dispatch(part("a"), part("b"), part("c")))
      .gives("workers_dispatched");
  });

  it("refuses overlapping scopes with both globs and a path both match, within a call and with live Workers", () => {
    const clash = dispatch(part("a", { fileScope: ["src/**/*.ts"] }), part("b", { fileScope: ["src/b/**"] }));
    given(...inDispatch)
      .when(clash)
      .refused("scopes-overlap");
    const refused = /"src\/\*\*\/\*\.ts" of a and "src\/b\/\*\*" of b overlap: both match "src\/b\/[^"]*\.ts"/;
    expect(() =>
      given(...inDispatch)
        .when(clash)
        .gives(),
    ).toThrow(refused);
    given(...inMonitoring)
      .when(dispatch(part("a", { fileScope: ["src/cart/x.ts"] })))
      .refused("scopes-overlap");
    given(...workersEnded)
      .when(dispatch(part("a", { fileScope: ["src/cart/x.ts"] })))
      .gives("workers_dispatched");
    given(...inDispatch)
      .when(dispatch(part("a", { fileScope: ["src/a/**", "src/a/x.ts"] })))
      .gives("workers_dispatched");
  });

  it.each([["../other/**"], ["/etc/**"], [".git/**"], [".aegis/**"], ["opencode.json"], [""]])(
    "refuses the scope %j",
    (glob) => {
      expect(() =>
        given(...inDispatch)
          .when(dispatch(part("a", { fileScope: [glob] })))
          .gives(),
      ).toThrow(/refused scope-/);
    },
  );

  it("refuses a part that is not one", () => {
    given(...inDispatch)
      .when(dispatch(part("a", { fileScope: [] })))
      .refused("scope-empty");
    given(...inDispatch)
      .when(dispatch(part(" ")))
      .refused("worker-incomplete");
    given(...inDispatch)
      .when(dispatch(part("a", { spec: " " })))
      .refused("worker-incomplete");
    given(...inDispatch)
      .when(dispatch(part("a", { agent: "build" })))
      .refused("unknown-agent");
    given(...inDispatch)
      .when(dispatch(part("a", { agent: "worker" })))
      .gives("workers_dispatched");
  });

  it("keeps names apart, from each other, from older Workers and from ids", () => {
    given(...inDispatch)
      .when(dispatch(part("a"), part("a", { fileScope: ["b/**"] })))
      .refused("name-taken");
    given(...workersEnded)
      .when(dispatch(part("cart")))
      .refused("name-taken");
    given(...inDispatch)
      .when(dispatch(part("w02"), part("b")))
      .refused("name-like-id");
  });

  it("knows every dependency, without a circle, and none that has failed", () => {
    given(...inDispatch)
      .when(dispatch(part("a", { dependsOn: ["zzz"] })))
      .refused("dependency-unknown");
    given(...inDispatch)
      .when(dispatch(part("a", { dependsOn: ["a"] })))
      .refused("dependency-cycle");
    given(...inDispatch)
      .when(dispatch(part("a", { dependsOn: ["b"] }), part("b", { dependsOn: ["a"] })))
      .refused("dependency-cycle");
    given(...inMonitoring)
      .when(dispatch(part("a", { dependsOn: ["cart", "w02"] })))
      .gives("workers_dispatched");
    given(...inMonitoring, cancel("w01"))
      .when(dispatch(part("a", { dependsOn: ["cart"] })))
      .refused("dependency-ended", /retry_worker for w01/);
  });

  it("judges the whole batch: one bad part dispatches none", () => {
    const state = alive(inDispatch);
    expect(state.workers).toEqual([]);
    given(...inDispatch)
      .when(dispatch(part("a"), part("b"), part("c", { fileScope: ["../x"] })))
      .refused("scope-leaves-project");
  });

  it("starts nothing after the person stopped the Commander, until they speak", () => {
    given(...inMonitoring, stops)
      .when(dispatch(part("a")))
      .refused("paused", /wait for the person/);
    given(...inMonitoring, stops)
      .when(retry("w01"))
      .refused("paused");
    given(...inMonitoring, stops, says("go on"))
      .when(retry("w01"))
      .gives("worker_retried");
  });
});

describe("dependencies", () => {
  const chain = [...inDispatch, dispatch(part("a"), part("b", { dependsOn: ["a"] }), part("c", { dependsOn: ["b"] }))];

  it("start when what they wait for completed", () => {
    expect(startable(alive(chain)).map((worker) => worker.assignment.id)).toEqual(["w01"]);
    const done = [...chain, started("w01"), ran("w01"), report("w01")];
    expect(startable(alive(done)).map((worker) => worker.assignment.id)).toEqual(["w02"]);
    expect(owed(alive(done))).toEqual([{ type: "start_worker", worker: "w02" }]);
  });

  it.each([
    ["fails", [started("w01"), { type: "worker_failed", worker: "w01", reason: "x" } as Told]],
    ["is blocked", [started("w01"), report("w01", { status: "blocked" })]],
    ["reports failed", [started("w01"), report("w01", { status: "failed" })]],
    ["is cancelled", [cancel("w01")]],
  ])("end with it when it %s", (_how, end) => {
    expect(statuses([...chain, ...end]).slice(1)).toEqual(["failed", "failed"]);
  });

  it("end too when a completed one is cancelled", () => {
    const two = [
      ...inDispatch,
      dispatch(part("a"), part("b"), part("c", { dependsOn: ["a", "b"] })),
      started("w01"),
      started("w02"),
    ];
    expect(statuses([...two, ran("w01"), report("w01"), cancel("w01")])).toEqual(["cancelled", "exploring", "failed"]);
  });

  it("are not retried before what they wait for", () => {
    const failed = [...chain, cancel("w01")];
    given(...failed)
      .when(retry("w02"))
      .refused("dependency-ended", /retry_worker for w01/);
    given(...failed, retry("w01"))
      .when(retry("w02"))
      .gives("worker_retried");
  });

  it("are taken up where a crash left them waiting for a Worker that failed", () => {
    const torn = evolve(alive([...chain, started("w01")]), {
      type: "worker_failed",
      at: 1,
      worker: "w01",
      reason: "x",
    });
    expect(torn?.workers.map((worker) => worker.status)).toEqual(["failed", "queued", "queued"]);
    const decision = decide({ type: "commander_idle", at: 2 }, torn);
    const mended = decision.ok ? decision.events.reduce(evolve, torn) : undefined;
    expect(mended?.workers.map((worker) => worker.status)).toEqual(["failed", "failed", "failed"]);
  });
});
