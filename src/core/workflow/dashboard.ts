import type { QaRow } from "../qa/qaCheck.ts";
import { missingStep } from "./missingStep.ts";
import type { Tokens } from "./model.ts";
import type { Swarm, Worker } from "./state.ts";
import { isLive, isRunning, PHASES } from "./state.ts";

/** What only the running process knows of a Worker: not in the log, gone with the process. */
export interface LiveView {
  doing?: string;
  tokens?: Tokens;
  /** Requests that go before its own, while it waits for the GPU. */
  ahead?: number;
}

type ShownStatus = Worker["status"] | "stalled";

const ICON: Record<ShownStatus, string> = {
  queued: "⏳",
  exploring: "🔍",
  implementing: "🔨",
  "self-qa": "🧪",
  blocked: "⏸",
  completed: "✅",
  failed: "❌",
  stalled: "💤",
  cancelled: "🚫",
};

/** Cells of the progress bar. */
const BAR = 20;

export interface WorkerRow {
  id: string;
  name: string;
  feature: string;
  status: ShownStatus;
  scope: readonly string[];
  durationMs: number;
  tokens: number;
  doing: string;
}

/** @param now ms since the epoch, for Workers that still run. */
export function workerRows(swarm: Swarm, now: number, live: ReadonlyMap<string, LiveView> = new Map()): WorkerRow[] {
  return swarm.workers.map((worker) => {
    const { id, name, feature, fileScope } = worker.assignment;
    const view = live.get(id);
    const tokens = "tokens" in worker && worker.tokens ? worker.tokens : view?.tokens;
    return {
      id,
      name,
      feature,
      status: shownStatus(worker),
      scope: fileScope,
      durationMs: durationOf(worker, now),
      tokens: tokens ? tokens.input + tokens.output : 0,
      doing: isRunning(worker) ? (troubleOf(worker, now) ?? view?.doing ?? "") : "",
    };
  });
}

/** A Worker whose model server gives no token is shown as stalled; one that waits to be taken up is not. */
function shownStatus(worker: Worker): ShownStatus {
  return isRunning(worker) && worker.trouble?.kind === "stalled" ? "stalled" : worker.status;
}

function troubleOf({ trouble }: Worker, now: number): string | undefined {
  if (!trouble) return undefined;
  if (trouble.kind === "stalled") return "no token, although the model server answers and queues nothing";
  const left = duration(Math.max(0, trouble.since + trouble.waitMs - now));
  return `waiting for the model server (${trouble.failure}), take-up ${trouble.takeUp} in ${left}`;
}

function durationOf(worker: Worker, now: number): number {
  if (isRunning(worker)) return now - worker.startedAt;
  if (worker.status === "queued" || worker.startedAt === undefined || worker.endedAt === undefined) return 0;
  return worker.endedAt - worker.startedAt;
}

/** The Worker Dashboard: a Markdown table and a progress bar. */
export function renderDashboard(swarm: Swarm, now: number, live: ReadonlyMap<string, LiveView> = new Map()): string {
  if (swarm.workers.length === 0) return `Phase ${swarm.phase}; no Workers yet. ${missingStep(swarm)}`;
  const rows = workerRows(swarm, now, live).map((row) => {
    const cells = [
      row.id,
      row.name,
      `${ICON[row.status]} ${row.status}`,
      duration(row.durationMs),
      compact(row.tokens),
      row.doing,
    ];
    return `| ${cells.map(cell).join(" | ")} |`;
  });
  return [
    `Phase ${swarm.phase}`,
    "| ID | Worker | Status | Duration | Tokens | Now |",
    "|---|---|---|---|---|---|",
    ...rows,
    "",
    progressBar(swarm),
    `Next: ${missingStep(swarm)}`,
  ].join("\n");
}

export function progressBar(swarm: Swarm): string {
  const total = swarm.workers.length;
  const completed = swarm.workers.filter((worker) => worker.status === "completed").length;
  const share = total === 0 ? 0 : completed / total;
  const filled = Math.round(share * BAR);
  return `[${"█".repeat(filled)}${"░".repeat(BAR - filled)}] ${Math.round(share * 100)}% — ${completed}/${total} completed`;
}

/** One line for a live title: "2/4 done · w03 implementing, w04 self-qa". */
export function progressTitle(swarm: Swarm): string {
  const ended = swarm.workers.filter((worker) => !isLive(worker)).length;
  const running = swarm.workers.filter(isLive).map((worker) => `${worker.assignment.id} ${shownStatus(worker)}`);
  return [`${ended}/${swarm.workers.length} ended`, ...running].join(" · ");
}

export function renderQaTable(rows: readonly QaRow[]): string {
  const lines = rows.map((row) => {
    const result = `${row.passed ? "✅" : "❌"} ${row.detail}${row.flaky ? " (flaky: passed on the second run)" : ""}`;
    return `| ${[row.check, result, `\`${row.command}\``].map(cell).join(" | ")} |`;
  });
  return ["| Check | Result | Command |", "|---|---|---|", ...lines].join("\n");
}

/** Checks, files by Worker, commit, time and tokens by phase. */
export function renderFinalReport(swarm: Swarm, now: number): string {
  const evidence = swarm.commit ? swarm.evidence[swarm.commit.tree] : undefined;
  const qa = evidence ? renderQaTable(evidence.rows) : "QA: no evidence on the committed tree (a gate was overridden).";
  const files = swarm.workers.map((worker) => {
    const changed = (swarm.conflicts?.rows ?? [])
      .filter((row) => row.by === worker.assignment.id)
      .map((row) => row.path);
    return `- ${worker.assignment.id} ${worker.assignment.name} (${worker.status}): ${changed.join(", ") || "no files"}`;
  });
  const total = workerRows(swarm, now).reduce((sum, row) => sum + row.tokens, 0);
  const times = phaseTimes(swarm, now).map(([phase, ms]) => `${phase} ${duration(ms)}`);
  const notes = [
    ...swarm.overrides.map(({ gate, reason }) => `- gate "${gate}" was overridden by the person: ${reason}`),
    ...swarm.workers.flatMap(({ assignment, worktree, discarded }) => {
      if (worktree?.closed?.kept !== undefined)
        return [`- ${assignment.id}: ${worktree.closed.kept} is kept (${worktree.closed.why ?? ""})`];
      return discarded && worktree
        ? [`- ${assignment.id}: discarded; its work stays on branch ${worktree.branch}`]
        : [];
    }),
    ...(evidence && !evidence.sandboxed ? ["- QA ran without a sandbox, with the person's consent"] : []),
    ...(swarm.dirty.length > 0 ? [`- left alone, changed by the person before: ${swarm.dirty.join(", ")}`] : []),
  ];
  return [
    "## Final report",
    qa,
    "### Files by Worker",
    ...files,
    "### Commit",
    swarm.commit ? `${swarm.commit.commit.slice(0, 10)} ${swarm.commit.message.split("\n")[0] ?? ""}` : "none",
    "### Time",
    `${times.join(" · ")} · total ${duration((swarm.endedAt ?? now) - swarm.startedAt)} · Worker tokens ${compact(total)}`,
    ...(notes.length > 0 ? ["### Notes", ...notes] : []),
  ].join("\n");
}

/** Milliseconds spent in each phase that was entered, in order. */
export function phaseTimes(swarm: Swarm, now: number): [string, number][] {
  const entered = PHASES.flatMap((phase) => {
    const since = swarm.phaseSince[phase];
    return since === undefined || phase === "done" ? [] : [{ phase, since }];
  }).sort((a, b) => a.since - b.since);
  const end = swarm.endedAt ?? now;
  return entered.map(({ phase, since }, index) => [phase, (entered[index + 1]?.since ?? end) - since]);
}

/** A time in ms as people read it: `8s`, `2m 05s`, `3h 07m`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  const [unit, above, below] = seconds < 3600 ? [60, "m", "s"] : [3600, "h", "m"];
  const rest = Math.floor((seconds % unit) / (unit / 60));
  return `${Math.floor(seconds / unit)}${above} ${String(rest).padStart(2, "0")}${below}`;
}

function compact(tokens: number): string {
  if (tokens < 1000) return String(tokens);
  return tokens < 1_000_000 ? `${(tokens / 1000).toFixed(1)}k` : `${(tokens / 1_000_000).toFixed(1)}M`;
}

/** Table cells come from a model's words: a line break or a bar in one must not break the table. */
function cell(text: string): string {
  return text.replace(/\s+/gu, " ").replaceAll("|", "\\|");
}
