import type { Swarm, SwarmState } from "../../../src/core/workflow/state.ts";
import type { Told } from "./scenario.ts";
import {
  abort,
  approve,
  begin,
  cancel,
  check,
  commanderCut,
  commanderFails,
  commanderTakenUp,
  commit,
  dispatch,
  foundation,
  idle,
  override,
  part,
  propose,
  qa,
  ran,
  read,
  report,
  requestFails,
  retry,
  row,
  runsAway,
  says,
  started,
  stops,
  takenUp,
  turnEnds,
} from "./scenario.ts";

const IDS = ["w01", "w02", "w03"];
const scoped = (name: string, scope: string, dependsOn: string[] = []) => part(name, { fileScope: [scope], dependsOn });

const DISPATCHES: readonly Told[] = [
  dispatch(scoped("a", "src/a/**"), scoped("b", "src/b/**", ["a"])),
  dispatch(scoped("b", "src/b/**")),
  dispatch(scoped("x", "src/a/x.ts")),
  dispatch(scoped("c", "src/c/**"), scoped("d", "src/c/**")),
  dispatch(scoped("all", "src/**/*.ts")),
  dispatch(scoped("c", "src/c/**", ["b"])),
  dispatch(scoped("a", "src/a/**"), scoped("b", "src/b/**"), scoped("c", "src/c/**")),
  dispatch(),
];

const TALK: readonly Told[] = [
  says("yes"),
  says("1번으로, Next.js로"),
  says("no"),
  says("what is that?"),
  says("just do it"),
  says("/autopilot x"),
  says("2"),
  { type: "cancel_autopilot" },
  { type: "person_spoke", text: "1", autopilot: false, via: "question", regarding: { kind: "design", revision: 1 } },
];

const WORKER_TOLD: readonly Told[] = IDS.flatMap((id): Told[] => [
  started(id, `${id}-1`),
  started(id, `${id}-2`),
  idle(id),
  idle(id),
  ran(id),
  ran(id, 1),
  ran(id, 0, "f2"),
  report(id),
  report(id, { fingerprint: "f2" }),
  report(id, { shellOffered: false, qa: [] }),
  report(id, { status: "failed" }),
  report(id, { status: "blocked", qa: [] }),
  retry(id),
  retry(id),
  cancel(id),
  read(id),
  { type: "worker_failed", worker: id, reason: "gone" },
  { type: "worker_advanced", worker: id, stage: "self-qa" },
  { type: "worker_resumed", worker: id },
  requestFails(id),
  requestFails(id, "stalled"),
  requestFails(id, "auth"),
  takenUp(id, 1),
  runsAway(id),
  { type: "worker_told", worker: id },
  { type: "worker_stalled", worker: id, waitedMs: 1 },
  { type: "worker_moving", worker: id },
  { type: "worker_stuck", worker: id, problem: "it goes round in circles", lastWords: "" },
  { type: "worker_wrote", worker: id, paths: ["src/a/x.ts"] },
  { type: "worker_strayed", worker: id, paths: ["etc"], how: "bash" },
  { type: "worktree_opened", worker: id, dir: `d/${id}`, branch: id, start: "c0", carries: [] },
  { type: "worktree_opened", worker: id, dir: `d/${id}`, branch: id, start: "c1", carries: ["src/a/x.ts"] },
  { type: "worker_saved", worker: id, commit: "c2" },
  { type: "worktree_closed", worker: id, kept: `branch ${id}`, why: "not merged" },
]);

const both = ["test", "lint"];

/** Everything random sequences are made of. */
export const ALPHABET: readonly Told[] = [
  begin(),
  begin({ designOptional: true }),
  propose,
  propose,
  approve(1),
  approve(2),
  { type: "commander_stuck" },
  commanderFails(),
  commanderFails("auth"),
  commanderTakenUp(1),
  commanderTakenUp(2),
  commanderCut,
  { type: "commander_told", session: "commander" },
  { type: "ask_report" },
  { type: "report_given", session: "commander" },
  { type: "skip_design", reason: "small" },
  foundation,
  { ...foundation, qa: [row("tsc", false)] } as Told,
  ...DISPATCHES,
  ...TALK,
  ...WORKER_TOLD,
  check,
  check,
  {
    type: "check_conflicts",
    tree: "t1",
    rows: [],
    integrated: "m1",
    unmerged: [{ worker: "w01", paths: ["src/a/x.ts"] }],
  },
  qa(),
  qa({ tree: "t2" }),
  qa({ rows: [row("test", false)] }),
  qa({ required: both }),
  qa({ rows: [row("lint", true)], required: both }),
  qa({ stable: false, changedByQa: ["x"] }),
  qa({ rows: [], required: [] }),
  commit("t1"),
  commit("t2"),
  commit("t3"),
  { type: "qa_change_seen", fingerprint: "q1", paths: ["package.json"] },
  { type: "ask_unsandboxed_qa" },
  turnEnds,
  turnEnds,
  turnEnds,
  stops,
  { type: "resume_swarm" },
  { type: "adopt_swarm", session: "another" },
  { type: "adopt_swarm", session: "commander" },
  abort,
  override("design"),
  override("integrate"),
  override("qa"),
  override("review"),
  override("foundation"),
  { type: "commander_wrote", paths: ["src/lib.ts"] },
];

/** A small alphabet for the exhaustive walk: what opens and shuts the gates. */
export const SMALL: readonly Told[] = [
  propose,
  says("yes"),
  says("no"),
  approve(1),
  foundation,
  dispatch(scoped("a", "src/a/**"), scoped("b", "src/b/**", ["a"])),
  dispatch(scoped("x", "src/a/x.ts")),
  started("w01"),
  started("w02"),
  ran("w01"),
  report("w01"),
  report("w02", { shellOffered: false, qa: [] }),
  idle("w01"),
  retry("w01"),
  retry("w02"),
  cancel("w01"),
  cancel("w02"),
  check,
  read("w01"),
  qa(),
  qa({ rows: [row("test", false)] }),
  commit("t1"),
  commit("t2"),
  turnEnds,
  stops,
  abort,
];

/** The command that leads on from `state`, so that random sequences reach the late phases. `pick` chooses among Workers. */
export function leadsOn(state: SwarmState, pick: number): Told {
  if (state?.report && pick % 3 > 0)
    return pick % 3 === 1 ? { type: "ask_report" } : { type: "report_given", session: "commander" };
  if (!state || state.phase === "done" || state.phase === "aborted") return begin();
  switch (state.phase) {
    case "design":
      if (state.design.status === "open") return says("1");
      return state.design.status === "agreed" ? approve(state.design.proposal.revision) : propose;
    case "foundation":
      return foundation;
    case "dispatch":
      return DISPATCHES[pick % 2 === 0 ? 0 : 6] ?? propose;
    case "monitoring":
      return workerStep(state, pick) ?? check;
    case "integrate":
      return read(state.workers.find((worker) => !state.read.includes(worker.assignment.id))?.assignment.id ?? "w01");
    default:
      return pick % 3 === 0 ? commit("t1") : qa();
  }
}

function workerStep(state: Swarm, pick: number): Told | undefined {
  const open = state.workers.filter(
    (worker) =>
      worker.status === "queued" ||
      ("nudges" in worker && !("endedAt" in worker) && worker.status !== "failed" && worker.status !== "cancelled"),
  );
  const worker = open[pick % Math.max(1, open.length)];
  if (!worker) return undefined;
  const { id } = worker.assignment;
  if (worker.status === "queued") return started(id, `${id}-${worker.attempt}`);
  return worker.qaRuns["npm test"] === "f1" ? report(id) : ran(id);
}
