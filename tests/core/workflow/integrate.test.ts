import { describe, expect, it } from "vitest";
import { needQaDefinition } from "../../../src/core/workflow/gates.ts";
import type { Told } from "./scenario.ts";
import {
  alive,
  begin,
  cancel,
  check,
  commit,
  dispatch,
  given,
  idle,
  inDispatch,
  inFinalQa,
  inFoundation,
  inIntegrate,
  inMonitoring,
  override,
  part,
  propose,
  qa,
  ran,
  read,
  report,
  row,
  says,
  started,
  stops,
  turnEnds,
  workersEnded,
} from "./scenario.ts";

describe("check_conflicts", () => {
  it("opens integrate once every Worker has ended", () => {
    given(...inFoundation)
      .when(check)
      .refused("foundation-missing");
    given(...inDispatch)
      .when(check)
      .refused("no-workers", /dispatch_workers/);
    given(...inMonitoring)
      .when(check)
      .refused("workers-unfinished", /await_workers/);
    given(...inMonitoring, ran("w01"), report("w01"))
      .when(check)
      .refused("workers-unfinished");
    given(...workersEnded)
      .when(check)
      .gives({ type: "conflicts_checked", clean: true });
    expect(alive(inIntegrate).phase).toBe("integrate");
    const rows = [{ path: "x", kind: "added", by: "w01", problem: "overlap" }] as const;
    given(...workersEnded)
      .when({ ...check, rows } as Told)
      .gives({ type: "conflicts_checked", clean: false });
  });
});

describe("run_qa", () => {
  it("counts from integrate on, after every diff was read", () => {
    given(...inMonitoring)
      .when(qa())
      .refused("workers-unfinished");
    given(...workersEnded)
      .when(qa())
      .refused("conflicts-unchecked", /check_conflicts/);
    given(...inIntegrate)
      .when(qa())
      .refused("diff-unread", /read_worker for w01, w02/);
    given(...inIntegrate, read("w01"))
      .when(qa())
      .refused("diff-unread", /w02/);
    given(...inIntegrate, read("w01"), read("w02"))
      .when(qa())
      .gives("qa_ran");
    expect(alive(inFinalQa).phase).toBe("final-qa");
  });

  it("waits for every Worker's diff, a cancelled one's too: what it wrote may be committed; reads only after the end", () => {
    const one = [...inMonitoring, cancel("w02"), read("w01"), ran("w01"), report("w01"), check];
    given(...one)
      .when(qa())
      .refused("diff-unread", /w01, w02/);
    given(...one, read("w01"))
      .when(qa())
      .refused("diff-unread", /w02/);
    given(...one, read("w01"), read("w02"))
      .when(qa())
      .gives("qa_ran");
  });

  it("asks for no diff of a Worker that never ran", () => {
    const parts = dispatch(part("a"), part("b", { dependsOn: ["a"] }));
    given(...inDispatch, parts, started("w01"), report("w01", { status: "failed" }), check, read("w01"))
      .when(qa())
      .gives("qa_ran");
  });
});

describe("commit", () => {
  const ready = [...inIntegrate, read("w01"), read("w02")];
  const tested = (...runs: Parameters<typeof qa>) => [...ready, ...runs.map((run) => qa(run))];

  it("needs evidence that covers that very tree", () => {
    given(...inMonitoring)
      .when(commit())
      .refused("workers-unfinished");
    given(...ready)
      .when(commit())
      .refused("qa-missing", /run_qa/);
    given(...inFinalQa)
      .when(commit("t2"))
      .refused("qa-outdated", /run_qa/);
    given(...inFinalQa)
      .when(commit())
      .gives({ type: "committed", tree: "t1" });
    expect(alive([...inFinalQa, commit()]).phase).toBe("done");
  });

  it("is refused where QA failed, tested nothing, ran in part, or changed the files", () => {
    given(...tested({ rows: [row("test", false)] }))
      .when(commit())
      .refused("qa-failed", /retry_worker/);
    given(...tested({ rows: [], required: [] }))
      .when(commit())
      .refused("qa-nothing-found", /workflow\.qa|override/);
    given(...tested({ required: ["test", "lint"] }))
      .when(commit())
      .refused("qa-failed");
    given(...tested({ stable: false, changedByQa: ["x"] }))
      .when(commit())
      .refused("qa-unstable", /run_qa/);
    given(...tested({ tree: "constructor", required: ["lint"] }))
      .when(commit("toString"))
      .refused("qa-outdated");
  });

  it("is refused where end-to-end tests were agreed on and the project has none, and says what leads on", () => {
    given(...tested({ required: ["test", "e2e"] }))
      .when(commit())
      .refused("qa-e2e-missing", /workflow\.qa.*override/);
    given(...tested({ rows: [row("test", false)], required: ["test", "e2e"] }))
      .when(commit())
      .refused("qa-failed");
  });

  it("adds partial runs up per tree, the newest result of a check last", () => {
    const lint = { rows: [row("lint", true)], required: ["test", "lint"] };
    const test = { rows: [row("test", true)], required: ["test", "lint"] };
    const runs = (...each: NonNullable<Parameters<typeof qa>[0]>[]) => [...ready, ...each.map((run) => qa(run))];
    given(...runs(lint, test))
      .when(commit())
      .gives("committed");
    given(...runs(lint, { ...test, tree: "t2" }))
      .when(commit())
      .refused("qa-failed");
    given(...runs(lint, { ...test, tree: "t2" }))
      .when(commit("t2"))
      .refused("qa-failed");
    given(...runs(lint, test, { ...lint, rows: [row("lint", false)] }))
      .when(commit())
      .refused("qa-failed");
    given(...runs({ ...test, rows: [row("test", false)] }, lint, test))
      .when(commit())
      .gives("committed");
  });

  it("keeps nothing of a run that changed files under itself", () => {
    const unstable = qa({ rows: [row("test", true)], required: ["test", "lint"], stable: false, changedByQa: ["x"] });
    const lint = qa({ rows: [row("lint", true)], required: ["test", "lint"] });
    given(...ready, unstable, lint)
      .when(commit())
      .refused("qa-failed");
  });

  it("says that a part of the evidence ran without a sandbox", () => {
    const open = qa({ rows: [row("test", true)], required: ["test", "lint"], sandboxed: false });
    const lint = qa({ rows: [row("lint", true)], required: ["test", "lint"] });
    expect(alive([...ready, open, lint]).evidence.t1?.sandboxed).toBe(false);
    expect(alive([...ready, open, qa({ rows: [row("test", true)], required: ["test"] })]).evidence.t1?.sandboxed).toBe(
      true,
    );
  });

  it("is the end: nothing is accepted afterwards but a new swarm", () => {
    const done = [...inFinalQa, commit()];
    for (const told of [commit(), qa(), check, dispatch(part("x")), propose, override("qa")])
      given(...done)
        .when(told)
        .refused("swarm-done", /final report/);
    for (const told of [says("yes"), turnEnds, stops, idle("w01")])
      given(...done)
        .when(told)
        .gives();
    given(...done)
      .when(begin())
      .gives("swarm_started");
  });
});

describe("changed QA definitions", () => {
  const change = { fingerprint: "q1", paths: ["package.json (scripts: test)"] };
  const seen: Told = { type: "qa_change_seen", ...change };

  it("void the evidence until a person accepts exactly this change", () => {
    expect(needQaDefinition(alive(inFinalQa), change)?.code).toBe("qa-definition-changed");
    expect(needQaDefinition(alive(inFinalQa), { fingerprint: "q1", paths: [] })).toBeUndefined();
    given(...inFinalQa)
      .when(seen)
      .gives("qa_change_seen");
    given(...inFinalQa, seen)
      .when(seen)
      .gives();
    given(...inFinalQa, seen)
      .when(says("1"))
      .gives("person_spoke", { type: "qa_change_answered", accepted: true, fingerprint: "q1" });
    given(...inFinalQa, seen)
      .when(says("hm?"))
      .gives("person_spoke");
    const accepted = alive([...inFinalQa, seen, says("yes")]);
    expect(needQaDefinition(accepted, change)).toBeUndefined();
    expect(needQaDefinition(accepted, { ...change, fingerprint: "q2" })?.code).toBe("qa-definition-changed");
    const refused = alive([...inFinalQa, seen, says("2")]);
    expect(needQaDefinition(refused, change)?.next).toMatch(/put these files back/);
    expect(needQaDefinition(alive([...inFinalQa, override("qa-change")]), change)).toBeUndefined();
    given(...inFinalQa, seen, says("2"))
      .when(seen)
      .gives();
  });
});

describe("QA without a sandbox", () => {
  const ask: Told = { type: "ask_unsandboxed_qa" };

  it("is asked once and answered by a person", () => {
    given(...inFinalQa)
      .when(ask)
      .gives("unsandboxed_qa_asked");
    given(...inFinalQa, ask)
      .when(ask)
      .gives();
    given(...inFinalQa, ask)
      .when(says("no"))
      .gives("person_spoke", { type: "unsandboxed_qa_answered", accepted: false });
    given(...inFinalQa, ask)
      .when(says("well"))
      .gives("person_spoke");
    given(...inFinalQa, ask, says("no"))
      .when(ask)
      .gives();
    expect(alive([...inFinalQa, ask, says("Run QA without a sandbox", "question")]).unsandboxedQa).toBe("accepted");
  });
});

describe("override_gate", () => {
  it("opens one gate, with a reason, for this swarm", () => {
    given(...inFinalQa)
      .when(override("qa", "  "))
      .refused("reason-missing", /aegis-override/);
    given(...inFinalQa, override("qa"))
      .when(commit("t9"))
      .gives("committed");
    given(...inMonitoring, override("qa"))
      .when(commit())
      .refused("workers-unfinished");
    given(...workersEnded, override("qa"))
      .when(commit())
      .refused("conflicts-unchecked");
    given(...workersEnded, override("integrate"))
      .when(qa())
      .refused("diff-unread");
    given(...workersEnded, override("integrate"), override("review"))
      .when(qa())
      .gives("qa_ran");
    given(...inIntegrate, override("review"))
      .when(qa())
      .gives("qa_ran");
    expect(alive([...inFinalQa, override("qa", "known flake")]).overrides).toEqual([
      { gate: "qa", reason: "known flake" },
    ]);
  });
});
