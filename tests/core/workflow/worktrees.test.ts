import { describe, expect, test } from "vitest";
import { swarmEventSchema } from "../../../src/core/workflow/events.ts";
import { fold } from "../../../src/core/workflow/evolve.ts";
import { owed, react } from "../../../src/core/workflow/react.ts";
import { findWorker, isolationOf, mergeable, unmergedWork } from "../../../src/core/workflow/state.ts";
import { shellScope } from "../../../src/core/workflow/writeGate.ts";
import {
  abort,
  alive,
  approve,
  begin,
  cancel,
  commit,
  dispatch,
  foundation,
  given,
  inMonitoring,
  part,
  propose,
  qa,
  ran,
  read,
  report,
  retry,
  says,
  started,
  type Told,
} from "./scenario.ts";

const opened = (worker: string, more: Partial<Extract<Told, { type: "worktree_opened" }>> = {}): Told => ({
  type: "worktree_opened",
  worker,
  dir: `.aegis/worktrees/s-1/${worker}`,
  branch: `aegis/s-1/${worker}`,
  start: "c0",
  carries: [],
  ...more,
});
const savedAs = (worker: string, at: string): Told => ({ type: "worker_saved", worker, commit: at });
const closed = (worker: string, kept?: string): Told => ({ type: "worktree_closed", worker, kept, why: kept && "why" });
const checked = (...unmerged: { worker: string; paths: string[] }[]): Told => ({
  type: "check_conflicts",
  tree: "t1",
  rows: unmerged.flatMap(({ worker, paths }) =>
    paths.map((path) => ({ path, kind: "modified" as const, by: worker, problem: "merge-conflict" as const })),
  ),
  integrated: "m1",
  unmerged,
});

const housed: Told[] = [
  begin({ isolation: "worktree" }),
  propose,
  says("yes"),
  approve(),
  foundation,
  dispatch(part("cart"), part("user")),
  opened("w01"),
  started("w01"),
  opened("w02"),
  started("w02"),
];
const ended: Told[] = [
  ...housed,
  ran("w01"),
  savedAs("w01", "c1"),
  report("w01"),
  ran("w02"),
  savedAs("w02", "c2"),
  report("w02"),
];
const ids = (swarm: ReturnType<typeof alive>) =>
  mergeable(swarm).map(({ worker, commit: at }) => `${worker.assignment.id} ${at}`);

describe("Workers with trees of their own", () => {
  test("a log from before there was a choice means a shared tree", () => {
    const { isolation: _none, ...old } = alive([begin()]).settings;
    const line = {
      type: "swarm_started",
      at: 1,
      id: "s",
      session: "c",
      settings: old,
      head: "",
      dirty: [],
      language: "en",
    };
    const state = fold([swarmEventSchema.parse(line)]);
    expect(state && isolationOf(state)).toBe("shared");
    const conflicts = swarmEventSchema.parse({ type: "conflicts_checked", at: 1, tree: "t", rows: [], clean: true });
    expect(conflicts).not.toHaveProperty("unmerged");
    expect(isolationOf(alive(housed))).toBe("worktree");
  });

  test("a tree is opened for a live Worker, kept through its end and its retry, with what was saved", () => {
    given(...housed)
      .when(opened("w01", { start: "c5" }))
      .gives("worktree_opened");
    given(...ended)
      .when(opened("w01"))
      .gives();
    given(...housed)
      .when(opened("w09"))
      .gives();
    const again = alive([...ended, retry("w01"), opened("w01", { start: "c7", carries: ["src/cart/a.ts"] })]);
    expect(findWorker(again, "w01")?.worktree).toMatchObject({ start: "c7", saved: "c1", carries: ["src/cart/a.ts"] });
  });

  test("saving is recorded once, after the end of the swarm too; a Worker without a tree has nothing to save", () => {
    given(...ended)
      .when(savedAs("w01", "c1"))
      .gives();
    given(...ended, abort)
      .when(savedAs("w01", "c3"))
      .gives({ type: "worker_saved", commit: "c3" });
    given(...inMonitoring)
      .when(savedAs("w01", "c3"))
      .gives();
    given(...ended, abort, closed("w01", "branch x"))
      .when(closed("w01"))
      .gives();
  });

  test("merged is what ended Workers saved, in the order of dispatch; nothing of a live or a discarded one", () => {
    expect(ids(alive(housed))).toEqual([]);
    expect(ids(alive([...housed, savedAs("w01", "c1")]))).toEqual([]);
    expect(ids(alive(ended))).toEqual(["w01 c1", "w02 c2"]);
    expect(ids(alive([...ended, cancel("w01")]))).toEqual(["w01 c1", "w02 c2"]);
    const dropped: Told = { type: "cancel_worker", worker: "w01", reason: "revert", reverted: [], discarded: true };
    expect(ids(alive([...ended, dropped]))).toEqual(["w02 c2"]);
    expect(ids(alive([...housed, savedAs("w01", "c0"), report("w01", { status: "failed" })]))).toEqual([]);
  });

  test("who has to resolve a conflict is merged once completed, with or without a change, and not before", () => {
    const resolving = [...ended, retry("w01"), opened("w01", { start: "c7", carries: ["x"] }), started("w01", "s2")];
    const failed = [...resolving, savedAs("w01", "c8"), report("w01", { status: "failed" })];
    expect(ids(alive(failed))).toEqual(["w02 c2"]);
    expect(ids(alive([...resolving, ran("w01"), savedAs("w01", "c7"), report("w01")]))).toEqual(["w01 c7", "w02 c2"]);
  });
});

describe("a merge conflict", () => {
  const conflicted = [...ended, checked({ worker: "w02", paths: ["src/user/a.ts"] }), read("w01"), read("w02")];

  test("keeps QA and the commit shut until it is resolved, left out, or overridden by the person", () => {
    given(...conflicted)
      .when(qa())
      .refused("merge-conflict", /retry_worker/u);
    given(...conflicted)
      .when(commit())
      .refused("merge-conflict");
    given(...conflicted, cancel("w02"))
      .when(qa())
      .gives("qa_ran");
    given(...conflicted, { type: "override_gate", gate: "integrate", reason: "mine" })
      .when(qa())
      .gives("qa_ran");
    given(...ended, checked(), read("w01"), read("w02"))
      .when(qa())
      .gives("qa_ran");
    expect(unmergedWork(alive(conflicted))).toEqual([{ worker: "w02", paths: ["src/user/a.ts"] }]);
  });

  test("is what the Commander is sent on with, and a retry asks for a fresh check", () => {
    given(...conflicted)
      .when({ type: "commander_idle" })
      .gives({
        type: "continued",
        missing: "Work does not merge: call retry_worker for w02 to resolve it, then check_conflicts.",
      });
    const resolved = [...conflicted, retry("w02"), opened("w02", { start: "c7", carries: ["src/user/a.ts"] })];
    const done = [...resolved, started("w02", "s2"), ran("w02"), savedAs("w02", "c8"), report("w02")];
    given(...done)
      .when(qa())
      .refused("conflicts-unchecked");
    given(...done, checked(), read("w02"))
      .when(qa())
      .gives("qa_ran");
    expect(alive([...done, checked()]).integrated).toBe("m1");
  });
});

describe("effects", () => {
  test("failing and cancelled Workers are saved; the end of a swarm puts the trees away, once more after a crash", () => {
    const before = alive(housed);
    const failed = given(...housed)
      .when({ type: "worker_failed", worker: "w01", reason: "x" })
      .leadsTo();
    const event = { type: "worker_failed", at: 1, worker: "w01", reason: "x" } as const;
    expect(react(event, before, failed)).toContainEqual({ type: "save_worker", worker: "w01" });
    const over = given(...ended)
      .when(abort)
      .leadsTo();
    const aborted = { type: "swarm_aborted", at: 1, by: "person", reason: "x" } as const;
    expect(react(aborted, alive(ended), over)).toContainEqual({ type: "close_worktrees" });
    expect(owed(over)).toEqual([{ type: "close_worktrees" }]);
    expect(owed(alive([...ended, abort, closed("w01"), closed("w02", "branch x")]))).toEqual([]);
    expect(
      owed(
        given(...inMonitoring)
          .when(abort)
          .leadsTo(),
      ),
    ).toEqual([]);
  });

  test("in a tree of its own no neighbour's scope is closed to a Worker's shell, the person's files are", () => {
    const swarm = { ...alive(housed), dirty: ["src/cart/notes.md"] };
    const worker = findWorker(swarm, "w01");
    if (!worker) throw new Error("no w01");
    expect(shellScope(swarm, { role: "worker", worker })).toEqual({
      scope: ["src/cart/**"],
      except: ["src/cart/notes.md"],
    });
  });
});
