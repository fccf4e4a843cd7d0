import type { QaRow } from "../qa/qaCheck.ts";
import { doingIn } from "./doing.ts";
import { missingStep } from "./missingStep.ts";
import type { Language, Tokens } from "./model.ts";
import type { Phase, Swarm, Worker } from "./state.ts";
import { isLive, isRunning, PHASES } from "./state.ts";
import { swarmWord } from "./swarmWords.ts";

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

/**
 * @param now ms since the epoch, for Workers that still run
 * @param language of what holds a Worker up, in `doing`
 */
export function workerRows(
  swarm: Swarm,
  now: number,
  live: ReadonlyMap<string, LiveView> = new Map(),
  language: Language = "en",
): WorkerRow[] {
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
      doing: isRunning(worker) ? (troubleOf(worker, now, language) ?? doingIn(language, view?.doing ?? "")) : "",
    };
  });
}

/** A Worker whose model server gives no token is shown as stalled; one that waits to be taken up is not. */
function shownStatus(worker: Worker): ShownStatus {
  return isRunning(worker) && worker.trouble?.kind === "stalled" ? "stalled" : worker.status;
}

function troubleOf({ trouble }: Worker, now: number, language: Language): string | undefined {
  if (!trouble) return undefined;
  if (trouble.kind === "stalled") return swarmWord(language, "trouble.stalled");
  const { failure, takeUp, since, waitMs } = trouble;
  const left = duration(Math.max(0, since + waitMs - now));
  return swarmWord(language, "trouble.waiting", { failure, takeUp, left });
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

export function progressBar(swarm: Swarm, language: Language = "en"): string {
  const total = swarm.workers.length;
  const completed = swarm.workers.filter((worker) => worker.status === "completed").length;
  const share = total === 0 ? 0 : completed / total;
  const filled = Math.round(share * BAR);
  return `[${"█".repeat(filled)}${"░".repeat(BAR - filled)}] ${Math.round(share * 100)}% — ${swarmWord(language, "completed", { completed, total })}`;
}

/** One line for a live title: "2/4 done · w03 implementing, w04 self-qa". */
export function progressTitle(swarm: Swarm): string {
  const ended = swarm.workers.filter((worker) => !isLive(worker)).length;
  const running = swarm.workers.filter(isLive).map((worker) => `${worker.assignment.id} ${shownStatus(worker)}`);
  return [`${ended}/${swarm.workers.length} ended`, ...running].join(" · ");
}

export function renderQaTable(rows: readonly QaRow[], language: Language = "en"): string {
  const lines = rows.map((row) => {
    const flaky = row.flaky ? ` (${swarmWord(language, "qa.flaky")})` : "";
    const result = `${row.passed ? "✅" : "❌"} ${row.detail}${flaky}`;
    return `| ${[row.check, result, `\`${row.command}\``].map(cell).join(" | ")} |`;
  });
  const heads = (["qa.check", "qa.result", "qa.command"] as const).map((key) => swarmWord(language, key));
  return [`| ${heads.join(" | ")} |`, "|---|---|---|", ...lines].join("\n");
}

/** Checks, files by Worker, commit, time and tokens by phase. */
export function renderFinalReport(swarm: Swarm, now: number, language: Language = "en"): string {
  const word = (key: Parameters<typeof swarmWord>[1], values?: Parameters<typeof swarmWord>[2]) =>
    swarmWord(language, key, values);
  const evidence = swarm.commit ? swarm.evidence[swarm.commit.tree] : undefined;
  const qa = evidence ? renderQaTable(evidence.rows, language) : word("report.noEvidence");
  const files = swarm.workers.map(({ assignment: { id, name }, status }) => {
    const changed = (swarm.conflicts?.rows ?? []).filter((row) => row.by === id).map((row) => row.path);
    return `- ${id} ${name} (${word(`worker.${status}`)}): ${changed.join(", ") || word("report.noFiles")}`;
  });
  const tokens = compact(workerRows(swarm, now).reduce((sum, row) => sum + row.tokens, 0));
  const times = phaseTimes(swarm, now).map(([phase, ms]) => `${word(`phase.${phase}`)} ${duration(ms)}`);
  const notes = notesOf(swarm, evidence?.sandboxed === false, word);
  return [
    `## ${word("report.head")}`,
    qa,
    `### ${word("report.files")}`,
    ...files,
    `### ${word("report.commit")}`,
    swarm.commit
      ? `${swarm.commit.commit.slice(0, 10)} ${swarm.commit.message.split("\n")[0] ?? ""}`
      : word("report.noCommit"),
    `### ${word("report.time")}`,
    `${times.join(" · ")} · ${word("report.total", { total: duration((swarm.endedAt ?? now) - swarm.startedAt), tokens })}`,
    ...(notes.length > 0 ? [`### ${word("report.notes")}`, ...notes.map((note) => `- ${note}`)] : []),
  ].join("\n");
}

function notesOf(
  { overrides, workers, dirty }: Swarm,
  unsandboxed: boolean,
  word: (key: Parameters<typeof swarmWord>[1], values?: Parameters<typeof swarmWord>[2]) => string,
): string[] {
  return [
    ...overrides.map(({ gate, reason }) => word("report.overridden", { gate, reason })),
    ...workers.flatMap(({ assignment: { id }, worktree, discarded }) => {
      const closed = worktree?.closed;
      if (closed?.kept !== undefined) return [word("report.kept", { id, path: closed.kept, why: closed.why ?? "" })];
      return discarded && worktree ? [word("report.discarded", { id, branch: worktree.branch })] : [];
    }),
    ...(unsandboxed ? [word("report.unsandboxed")] : []),
    ...(dirty.length > 0 ? [word("report.dirty", { paths: dirty.join(", ") })] : []),
  ];
}

/** Milliseconds spent in each phase that was entered, in order. */
export function phaseTimes(swarm: Swarm, now: number): [Phase, number][] {
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
