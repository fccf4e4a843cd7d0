import { describe, it } from "vitest";
import type { Told } from "./scenario.ts";
import {
  abort,
  approve,
  begin,
  dispatch,
  foundation,
  given,
  inDispatch,
  inMonitoring,
  part,
  propose,
  ran,
  report,
  retry,
  says,
  started,
  workersEnded,
} from "./scenario.ts";

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
