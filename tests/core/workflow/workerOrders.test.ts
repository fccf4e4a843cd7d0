import { describe, expect, it } from "vitest";
import { evolve } from "../../../src/core/workflow/evolve.ts";
import { react } from "../../../src/core/workflow/react.ts";
import {
  abort,
  alive,
  cancel,
  check,
  dispatch,
  given,
  inDispatch,
  inFinalQa,
  inMonitoring,
  part,
  ran,
  read,
  report,
  retry,
  started,
  workersEnded,
} from "./scenario.ts";

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
