import { describe, expect, it } from "vitest";
import { workerBriefing } from "../../../src/core/briefing.ts";
import { renderDashboard, workerRows } from "../../../src/core/workflow/dashboard.ts";
import { swarmEventSchema } from "../../../src/core/workflow/events.ts";
import { evolve } from "../../../src/core/workflow/evolve.ts";
import { react } from "../../../src/core/workflow/react.ts";
import type { Swarm } from "../../../src/core/workflow/state.ts";
import type { Told } from "./scenario.ts";
import {
  abort,
  alive,
  cancel,
  dispatch,
  given,
  idle,
  inDispatch,
  inMonitoring,
  part,
  ran,
  report,
  requestFails,
  retry,
  runsAway,
  started,
  takenUp,
} from "./scenario.ts";

const stalled: Told = { type: "worker_stalled", worker: "w01", waitedMs: 90_000 };
const moving: Told = { type: "worker_moving", worker: "w01" };
const stuck: Told = {
  type: "worker_stuck",
  worker: "w01",
  problem: "it read the same file again and again",
  lastWords: "hm",
};
const wrote: Told = { type: "worker_wrote", worker: "w01", paths: ["src/cart/a.ts"] };
/** The `n`-th failure of a request, and the take-up after it. */
const survived = (n: number): Told[] => [requestFails("w01"), takenUp("w01", n)];
const fiveTimes = [1, 2, 3, 4, 5].flatMap(survived);
const first = (swarm: Swarm) => swarm.workers[0];

describe("a model request that failed for good", () => {
  it("interrupts the Worker: it keeps its session and waits, twice as long each time, spread by jitter", () => {
    given(...inMonitoring)
      .when(requestFails("w01"))
      .gives({ type: "worker_interrupted", failure: "overload", takeUp: 1, waitMs: 10_000 });
    given(...inMonitoring)
      .when(requestFails("w01", "reset", { jitter: 0 }))
      .gives({ type: "worker_interrupted", failure: "reset", takeUp: 1, waitMs: 5_000 });
    given(...inMonitoring, ...survived(1), ...survived(2))
      .when(requestFails("w01"))
      .gives({ type: "worker_interrupted", takeUp: 3, waitMs: 40_000 });
    given(...inMonitoring, ...fiveTimes.slice(0, 8))
      .when(requestFails("w01"))
      .gives({ type: "worker_interrupted", waitMs: 120_000 });
  });

  it("asks for the take-up, and the take-up for a prompt that says so", () => {
    const before = alive(inMonitoring);
    const event = {
      type: "worker_interrupted",
      at: 1,
      worker: "w01",
      failure: "reset",
      detail: "d",
      takeUp: 1,
      waitMs: 7,
    } as const;
    const after = evolve(before, event) as Swarm;
    expect(react(event, before, after)).toEqual([
      { type: "take_up_worker", worker: "w01", session: "session-w01", takeUp: 1, waitMs: 7 },
    ]);
    const resumed = { type: "worker_resumed", at: 2, worker: "w01", after: "failure" } as const;
    expect(react(resumed, after, evolve(after, resumed) as Swarm)).toEqual([
      { type: "resume_worker", worker: "w01", session: "session-w01", after: "failure" },
    ]);
  });

  it("is taken up once: a second wait that ends, one of another interruption, or of a Worker that ended, does nothing", () => {
    given(...inMonitoring, requestFails("w01"))
      .when(takenUp("w01", 1))
      .gives({ type: "worker_resumed", after: "failure" });
    given(...inMonitoring, ...survived(1))
      .when(takenUp("w01", 1))
      .gives();
    given(...inMonitoring, ...survived(1), requestFails("w01"))
      .when(takenUp("w01", 1))
      .gives();
    given(...inMonitoring, requestFails("w01"), cancel("w01"))
      .when(takenUp("w01", 1))
      .gives();
    given(...inMonitoring, requestFails("w01"), abort)
      .when(takenUp("w01", 1))
      .gives();
  });

  it("is counted once while it waits, and the turn's end behind it is no idleness", () => {
    given(...inMonitoring, requestFails("w01"))
      .when(requestFails("w01"))
      .gives();
    given(...inMonitoring, requestFails("w01"))
      .when(idle("w01"))
      .gives();
    given(...inMonitoring, requestFails("w01"))
      .when(requestFails("w01", "reset", { session: "another" }))
      .gives();
  });

  it("fails the Worker when the take-ups are used up, with the type and the next step; the settings say how many", () => {
    given(...inMonitoring, ...fiveTimes)
      .when(requestFails("w01"))
      .gives({
        type: "worker_failed",
        reason: expect.stringMatching(/failed 6 times.*\(overload\).*scripted overload.*doctor.*retry_worker/u),
      });
    const [begun, ...rest] = inMonitoring;
    const never = {
      ...begun,
      settings: { ...(begun as { settings: object }).settings, takeUps: { times: 0, firstMs: 1 } },
    } as Told;
    given(never, ...rest)
      .when(requestFails("w01"))
      .gives({ type: "worker_failed" });
  });

  it("fails the Worker at once where no further try mends it", () => {
    given(...inMonitoring)
      .when(requestFails("w01", "auth"))
      .gives({ type: "worker_failed", reason: expect.stringMatching(/auth.*key.*retry_worker/u) });
  });

  it("counts anew after the Commander's retry", () => {
    given(...inMonitoring, ...fiveTimes, retry("w01"), started("w01", "s2"))
      .when(requestFails("w01"))
      .gives({ type: "worker_interrupted", takeUp: 1 });
  });

  it("leaves a completed Worker alone", () => {
    given(...inMonitoring, ran("w01"), report("w01"))
      .when(requestFails("w01"))
      .gives();
  });
});

describe("a stall", () => {
  it("is a status of its own while it lasts, and another one than waiting to be taken up", () => {
    const row = (...told: Told[]) => workerRows(alive([...inMonitoring, ...told]), 1_000)[0];
    expect(row(stalled)).toMatchObject({ status: "stalled", doing: expect.stringContaining("no token") });
    expect(renderDashboard(alive([...inMonitoring, stalled]), 1_000)).toContain("💤 stalled");
    expect(row(stalled, moving)).toMatchObject({ status: "exploring", doing: "" });
    expect(row(stalled, wrote)).toMatchObject({ status: "implementing", doing: "" });
    expect(row(requestFails("w01"))).toMatchObject({
      status: "exploring",
      doing: "waiting for the model server (overload), take-up 1 in 10s",
    });
    given(...inMonitoring, stalled)
      .when(stalled)
      .gives();
    given(...inMonitoring)
      .when(moving)
      .gives();
  });

  it("is taken up once, then gets a fresh session with a summary, then fails for the Commander", () => {
    const again = requestFails("w01", "stalled");
    given(...inMonitoring)
      .when(again)
      .gives({ type: "worker_interrupted", failure: "stalled", takeUp: 1 });
    const once = [...inMonitoring, wrote, ran("w01"), again, takenUp("w01", 1)];
    given(...once)
      .when(again)
      .gives({ type: "worker_renewed", attempt: 2, handover: expect.stringContaining("src/cart/a.ts") });
    const renewed = [...once, again, started("w01", "s2")];
    const swarm = alive(renewed);
    expect(first(swarm)).toMatchObject({ status: "exploring", session: "s2", attempt: 2, retries: 0, qaRuns: {} });
    const worker = first(swarm);
    const briefing = worker ? workerBriefing(swarm, worker, { paths: [] }) : "";
    expect(briefing).toMatch(
      /What was done before[\s\S]*stalled[\s\S]*src\/cart\/a\.ts[\s\S]*npm test[\s\S]*I was about to/u,
    );
    given(...renewed)
      .when(again)
      .gives({ type: "worker_failed", reason: expect.stringMatching(/stalled.*fresh session too.*retry_worker/u) });
  });
});

describe("an answer without end", () => {
  it("is counted and told in the next turn", () => {
    given(...inMonitoring)
      .when(runsAway("w01"))
      .gives({ type: "worker_ran_away", kind: "closingTags" });
    given(...inMonitoring, runsAway("w01"))
      .when(idle("w01"))
      .gives({ type: "worker_nudged", runaway: "closingTags" });
    given(...inMonitoring, runsAway("w01"), { type: "worker_told", worker: "w01" })
      .when(idle("w01"))
      .gives({ type: "worker_nudged" });
    expect(first(alive([...inMonitoring, runsAway("w01"), idle("w01")]))).not.toHaveProperty("untold");
    given(...inMonitoring)
      .when({ type: "worker_told", worker: "w01" })
      .gives();
  });

  it("that comes again after it was told leads to a fresh session, then to the Commander", () => {
    const twice = [...inMonitoring, runsAway("w01"), idle("w01"), runsAway("w01")];
    given(...twice)
      .when(idle("w01"))
      .gives({ type: "worker_renewed", why: expect.stringContaining("closingTags") });
    const renewed = [...twice, idle("w01"), started("w01", "s2"), runsAway("w01"), idle("w01"), runsAway("w01")];
    given(...renewed)
      .when(idle("w01"))
      .gives({ type: "worker_failed", reason: expect.stringContaining("no end") });
  });

  it("ends the session within a turn too, at the third", () => {
    const told: Told = { type: "worker_told", worker: "w01" };
    given(...inMonitoring, runsAway("w01"), told, runsAway("w01"), told)
      .when(runsAway("w01"))
      .gives({ type: "worker_ran_away" }, { type: "worker_renewed" });
  });
});

describe("a Worker that goes round in circles although it was told", () => {
  it("gets a fresh session once, its old one is stopped, then it fails", () => {
    given(...inMonitoring)
      .when(stuck)
      .gives({ type: "worker_renewed", attempt: 2 });
    const before = alive(inMonitoring);
    const event = { type: "worker_renewed", at: 1, worker: "w01", attempt: 2, why: "w", handover: "h" } as const;
    expect(react(event, before, evolve(before, event) as Swarm)).toEqual([
      { type: "abort_session", session: "session-w01", worker: "w01" },
      { type: "start_worker", worker: "w01" },
    ]);
    given(...inMonitoring, stuck, started("w01", "s2"))
      .when(stuck)
      .gives({ type: "worker_failed", reason: expect.stringContaining("same file") });
    given(...inMonitoring, stuck)
      .when(stuck)
      .gives();
  });

  it("fails at once where what it builds on has ended meanwhile: queued again it would wait for ever", () => {
    const chained = [...inDispatch, dispatch(part("cart"), part("user", { dependsOn: ["cart"] })), started("w01")];
    const running = [...chained, ran("w01"), report("w01"), started("w02"), cancel("w01")];
    given(...running)
      .when({ ...stuck, worker: "w02" } as Told)
      .gives({ type: "worker_failed", reason: expect.stringMatching(/depends on cart/u) });
  });
});

it("lines of earlier versions still parse", () => {
  const lines = [
    { type: "worker_resumed", at: 1, worker: "w01" },
    { type: "worker_nudged", at: 1, worker: "w01", why: "its turn ended" },
  ];
  for (const line of lines) expect(swarmEventSchema.parse(line)).toEqual(line);
});
