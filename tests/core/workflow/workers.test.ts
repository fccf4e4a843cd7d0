import { describe, expect, it } from "vitest";
import { decide } from "../../../src/core/workflow/decide.ts";
import type { SwarmEvent } from "../../../src/core/workflow/events.ts";
import { evolve } from "../../../src/core/workflow/evolve.ts";
import { owed, react, startable } from "../../../src/core/workflow/react.ts";
import type { SwarmState } from "../../../src/core/workflow/state.ts";
import type { Told } from "./scenario.ts";
import {
  abort,
  alive,
  approve,
  begin,
  cancel,
  check,
  dispatch,
  foundation,
  given,
  idle,
  inDispatch,
  inFinalQa,
  inFoundation,
  inMonitoring,
  part,
  propose,
  ran,
  read,
  report,
  retry,
  says,
  started,
  stops,
  timed,
  workersEnded,
} from "./scenario.ts";

const statuses = (commands: readonly Told[]) => alive(commands).workers.map((worker) => worker.status);

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

describe("report_result", () => {
  const running = inMonitoring;

  it("completes only with QA of its own that exited 0 on the files as they are", () => {
    given(...running)
      .when(report("w01", { qa: [] }))
      .refused("qa-not-run", /bash/);
    given(...running)
      .when(report("w01"))
      .refused("qa-not-run", /run exactly this command/);
    given(...running, ran("w01", 1))
      .when(report("w01"))
      .refused("qa-failed", /run it again/);
    given(...running, ran("w01", 0, "f0"))
      .when(report("w01"))
      .refused("qa-outdated", /run it again/);
    given(...running, ran("w02"))
      .when(report("w01"))
      .refused("qa-not-run");
    given(...running, ran("w01", 0, "f1", "npm run test"))
      .when(report("w01"))
      .refused("qa-not-run");
    given(...running, ran("w01"), ran("w01", 1))
      .when(report("w01"))
      .refused("qa-failed");
    given(...running, ran("w01"))
      .when(report("w01"))
      .gives({ type: "worker_reported", status: "completed", qaVerified: true });
    given(...running, ran("w01"))
      .when(report("w01", { qa: [{ command: " npm test ", passed: true }] }))
      .gives("worker_reported");
  });

  it("does not complete with one proven command among others, nor with one that did not pass", () => {
    const two = [
      { command: "npm test", passed: true },
      { command: "npm run lint", passed: true },
    ];
    given(...running, ran("w01"))
      .when(report("w01", { qa: two }))
      .refused("qa-not-run");
    const failing = [
      { command: "npm test", passed: true },
      { command: "npm run lint", passed: false },
    ];
    given(...running, ran("w01"))
      .when(report("w01", { qa: failing }))
      .refused("qa-failed");
    given(...running)
      .when(report("w01", { qa: failing, shellOffered: false }))
      .refused("qa-failed");
  });

  it("takes no failed run for a proof where the fingerprint is empty, and no inherited property for a run", () => {
    given(...running, ran("w01", 1))
      .when(report("w01", { fingerprint: "" }))
      .refused("qa-failed");
    given(...running, ran("w01", 0, ""))
      .when(report("w01", { fingerprint: "" }))
      .refused("qa-failed");
    const odd = [{ command: "constructor", passed: true }];
    given(...running)
      .when(report("w01", { qa: odd }))
      .refused("qa-not-run");
  });

  it("completes without a shell, shown as not run", () => {
    given(...running)
      .when(report("w01", { shellOffered: false, qa: [] }))
      .gives({ type: "worker_reported", qaVerified: false });
  });

  it("needs no QA of its own where only the Commander runs QA; what failed is still no completion", () => {
    const commanderRunsAll = [begin(), { ...propose, qaStrategy: "commander-all" } as Told, says("yes"), approve()];
    const alone = [...commanderRunsAll, foundation, dispatch(part("cart")), started("w01")];
    given(...alone)
      .when(report("w01", { qa: [] }))
      .gives({ type: "worker_reported", status: "completed", qaVerified: false });
    given(...alone)
      .when(report("w01"))
      .gives({ type: "worker_reported", qaVerified: false });
    given(...alone, ran("w01"))
      .when(report("w01"))
      .gives({ type: "worker_reported", qaVerified: true });
    given(...alone)
      .when(report("w01", { qa: [{ command: "npm test", passed: false }] }))
      .refused("qa-failed");
  });

  it("fails and blocks without QA, and ends once", () => {
    given(...running)
      .when(report("w01", { status: "failed", qa: [] }))
      .gives({ type: "worker_reported", status: "failed" });
    given(...running)
      .when(report("w01", { status: "blocked", qa: [] }))
      .gives({ type: "worker_reported", status: "blocked" });
    given(...workersEnded)
      .when(report("w01"))
      .refused("worker-ended");
    given(...inDispatch, dispatch(part("a")))
      .when(report("w01"))
      .refused("worker-ended");
    given(...running, ran("w01"), abort)
      .when(report("w01"))
      .refused("worker-ended");
  });

  it("wants fresh QA after a retry", () => {
    given(...workersEnded, retry("w01"), started("w01", "again"))
      .when(report("w01"))
      .refused("qa-not-run");
  });
});

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

describe("retry_worker", () => {
  it("keeps the scope, counts and is bounded", () => {
    const again = [retry("w01"), started("w01", "s2")];
    given(...inMonitoring)
      .when(retry("w01"))
      .gives({ type: "worker_retried", attempt: 2 });
    given(...inMonitoring, ...again, ...again)
      .when(retry("w01"))
      .refused("retries-used-up", /mend it yourself/);
    const worker = alive([...inMonitoring, ...again]).workers[0];
    expect(worker).toMatchObject({
      attempt: 2,
      retries: 1,
      instructions: "mend it",
      session: "s2",
      assignment: { fileScope: ["src/cart/**"] },
    });
    given(...inMonitoring)
      .when(retry("nobody"))
      .refused("worker-unknown", /w01, w02/);
    given(...inMonitoring)
      .when(retry("cart"))
      .gives("worker_retried");
  });

  it("stops what runs", () => {
    const before = alive(inMonitoring);
    const event = { type: "worker_retried", at: 1, worker: "w01", instructions: "x", attempt: 2 } as const;
    const after = evolve(before, event);
    expect(after && react(event, before, after)).toEqual([
      { type: "abort_session", session: "session-w01", worker: "w01" },
      { type: "start_worker", worker: "w01" },
    ]);
  });

  it("does not bring two live Workers onto one scope", () => {
    const handedOn = [...inMonitoring, cancel("w01"), dispatch(part("cart2", { fileScope: ["src/cart/**"] }))];
    given(...handedOn)
      .when(retry("w01"))
      .refused("scopes-overlap");
    given(...handedOn, cancel("w03"))
      .when(retry("w01"))
      .gives("worker_retried");
  });

  it("finds a place among the live ones", () => {
    const full = [...workersEnded, dispatch(part("x"), part("y"), part("z"))];
    given(...full)
      .when(retry("w01"))
      .refused("too-many-workers", /await_workers/);
    given(...full)
      .when(retry("w03"))
      .gives("worker_retried");
  });

  it("goes back to monitoring and voids what was checked", () => {
    expect(alive([...inFinalQa, retry("w01")])).toMatchObject({ phase: "monitoring", read: ["w02"] });
    const again = [...inFinalQa, retry("w01"), started("w01", "s2"), ran("w01"), report("w01")];
    given(...again)
      .when({ type: "commit_landed", commit: "c", tree: "t1", message: "m", paths: [] })
      .refused("conflicts-unchecked", /check_conflicts/);
    given(...again, check)
      .when({ type: "commit_landed", commit: "c", tree: "t1", message: "m", paths: [] })
      .refused("diff-unread", /read_worker for w01/);
    given(...again, check, read("w01"))
      .when({ type: "commit_landed", commit: "c", tree: "t1", message: "m", paths: [] })
      .gives("committed");
  });
});

describe("cancel_worker", () => {
  it("ends a Worker once, whatever it did", () => {
    given(...inMonitoring)
      .when(cancel("w01"))
      .gives("worker_cancelled");
    given(...inMonitoring, cancel("w01"))
      .when(cancel("w01"))
      .refused("worker-cancelled");
    given(...workersEnded)
      .when(cancel("w01"))
      .gives("worker_cancelled");
    given(...inDispatch)
      .when(cancel("w01"))
      .refused("worker-unknown", /dispatch_workers/);
    given(...inDispatch, abort)
      .when(cancel("w01"))
      .refused("swarm-aborted");
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
