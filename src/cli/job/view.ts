import { isEnded, type JobEstimate, type JobRecord, type JobStatus } from "../../core/jobs/record.ts";
import { cellsOf, inCells, plainLine } from "../../core/view/cells.ts";
import { duration } from "../../core/workflow/dashboard.ts";
import { type Io, paint } from "../io.ts";
import { say } from "../messages/catalogue.ts";

const COLOURS = { queued: "dim", running: "yellow", completed: "green", failed: "red", cancelled: "dim" } as const;
/** Cells of a line where nobody says how many there are. */
const WIDE = 120;
/** Of a prompt in a list, at least. */
const NARROWEST = 20;

export function statusWord(io: Io, status: JobStatus): string {
  return say(io.lang, `job.status.${status}`);
}

/** How long it has run, or ran; "" where it did not. @param now ms */
export function tookOf(job: JobRecord, now: number): string {
  if (job.started_at === null) return "";
  const end = isEnded(job) ? Date.parse(job.completed_at) : now;
  return duration(Math.max(0, end - Date.parse(job.started_at)));
}

/** "about 5 m, nine of ten within 9 m; …" */
export function estimateWords(io: Io, { from, median_ms, p90_ms, samples }: JobEstimate): string {
  const values = { median: duration(median_ms), p90: duration(p90_ms), samples };
  return say(io.lang, from === "history" ? "job.estimate.history" : "job.estimate.size", values);
}

/** One line a job: id, status, time, who does it, what it is. */
export function listLines(io: Io, jobs: readonly JobRecord[], now: number): string[] {
  const rows = jobs.map((job) => ({
    job,
    status: statusWord(io, job.status),
    took: tookOf(job, now),
    by: job.provider ?? (job.wanted_provider === "auto" ? "" : job.wanted_provider),
  }));
  const widest = (of: (row: (typeof rows)[number]) => string) => Math.max(0, ...rows.map((row) => cellsOf(of(row))));
  const [status, took, by] = [widest((row) => row.status), widest((row) => row.took), widest((row) => row.by)];
  return rows.map((row) => {
    const head = [inCells(row.took, took), inCells(row.by, by)].filter((cell) => cell !== "").join("  ");
    const used = row.job.task_id.length + 2 + status + 2 + cellsOf(head) + 2;
    const prompt = plainLine(row.job.prompt);
    const room = Math.max(NARROWEST, (io.columns ?? WIDE) - used);
    const shown = cellsOf(prompt) > room ? inCells(prompt, room) : prompt;
    const word = paint(io, COLOURS[row.job.status], inCells(row.status, status));
    return `${row.job.task_id}  ${word}  ${head}  ${shown}`.trimEnd();
  });
}

/** Everything about a job; what it changed comes last. @param place where it is stored */
export function showLines(io: Io, job: JobRecord, place: string, now: number): string[] {
  const title = say(io.lang, "job.show.title", {
    id: paint(io, "bold", job.task_id),
    status: paint(io, COLOURS[job.status], statusWord(io, job.status)),
  });
  const by = [job.provider, job.model, job.agent].filter((part) => part !== null).join(", ");
  const time = (iso: string) => new Date(iso).toLocaleString();
  const took = tookOf(job, now);
  const facts: [Parameters<typeof say>[1], string][] = [
    ["job.show.task", plainLine(job.prompt)],
    ["job.show.project", job.project],
    ["job.show.by", by],
    ["job.show.asked", time(job.created_at)],
    job.status === "running" ? ["job.show.since", `${time(job.started_at)} (${took})`] : ["job.show.took", took],
    ["job.show.session", job.session ?? ""],
    ["job.show.tokens", job.tokens ? say(io.lang, "job.show.tokens.value", job.tokens) : ""],
    ["job.show.retry", job.retry_of ?? ""],
    ["job.show.lost", job.lost.map(({ host, pid }) => `${host}:${pid}`).join(", ")],
    ["job.show.error", job.error ? `${job.error.kind}: ${plainLine(job.error.message)}` : ""],
    ["job.show.file", place],
  ];
  const shown = facts.filter(([, value]) => value !== "");
  const width = Math.max(...shown.map(([key]) => cellsOf(say(io.lang, key))));
  return [
    title,
    ...shown.map(([key, value]) => `  ${paint(io, "dim", inCells(say(io.lang, key), width))}  ${value}`),
    ...(job.status === "running" && job.cancel_requested_at !== null ? [say(io.lang, "job.show.cancelling")] : []),
    ...(job.log_lost > 0 ? [say(io.lang, "job.show.logLost", { count: job.log_lost })] : []),
    ...(job.result === null ? [] : ["", paint(io, "bold", say(io.lang, "job.show.result")), harmless(job.result)]),
    ...changeLines(io, job),
  ];
}

function changeLines(io: Io, { changes }: JobRecord): string[] {
  if (changes === null) return [];
  if (changes.files === 0) return ["", say(io.lang, "job.show.changes.none")];
  const { files, insertions, deletions, paths } = changes;
  const rows = paths.map(({ path, insertions: plus, deletions: minus }) => {
    const counts =
      plus === null || minus === null
        ? say(io.lang, "job.show.changes.binary")
        : `${paint(io, "green", `+${plus}`)} ${paint(io, "red", `-${minus}`)}`;
    return `  ${plainLine(path)}  ${counts}`;
  });
  const more = files - paths.length;
  return [
    "",
    paint(io, "bold", say(io.lang, "job.show.changes", { files, insertions, deletions })),
    ...rows,
    ...(more > 0 ? [`  ${say(io.lang, "job.show.changes.more", { count: more })}`] : []),
  ];
}

/** Several lines without what a terminal obeys: the text is a model's. */
export function harmless(text: string): string {
  return text.split("\n").map(plainLine).join("\n");
}
