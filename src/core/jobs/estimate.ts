import { analyzeTask, type TaskSketch, type TaskType } from "../executors/taskAnalysis.ts";
import type { JobEstimate, JobRecord } from "./record.ts";

/** Fewer past jobs than this say too little. */
const FEWEST = 3;
/** Of more, the latest: models and projects change. */
const MOST = 50;
/** A guess from size knows no spread: the slowest of ten take about this many times the median. */
const GUESSED_SPREAD = 3;

/** One job that completed. */
export interface PastJob {
  kind: TaskType;
  agent: string | null;
  duration_ms: number;
}

/** What past jobs of a project teach, in the order given (oldest first). Those that failed or were stopped teach nothing. */
export function pastJobs(jobs: readonly JobRecord[], project: string): PastJob[] {
  return jobs.flatMap((job) =>
    job.status === "completed" && job.project === project && job.started_at !== null
      ? [{ kind: job.kind, agent: job.agent, duration_ms: Date.parse(job.completed_at) - Date.parse(job.started_at) }]
      : [],
  );
}

/**
 * About how long a job takes: from this project's jobs of the same kind and agent, else of the same kind, else from the size
 * that its words and files show.
 *
 * @param past of the same project, oldest first
 */
export function estimateJob(task: TaskSketch, past: readonly PastJob[]): JobEstimate {
  const { inferredType, estimatedDuration } = analyzeTask(task);
  const ofKind = past.filter(({ kind }) => kind === inferredType);
  const ofAgent = ofKind.filter(({ agent }) => agent === (task.agent ?? null));
  const chosen = ofAgent.length >= FEWEST ? ofAgent : ofKind;
  if (chosen.length < FEWEST)
    return { median_ms: estimatedDuration, p90_ms: estimatedDuration * GUESSED_SPREAD, samples: 0, from: "size" };
  const sorted = chosen
    .slice(-MOST)
    .map(({ duration_ms }) => duration_ms)
    .sort((a, b) => a - b);
  return { median_ms: rank(sorted, 0.5), p90_ms: rank(sorted, 0.9), samples: sorted.length, from: "history" };
}

/** The nearest-rank percentile of sorted values. */
function rank(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
