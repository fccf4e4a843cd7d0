import type { EndedJob, JobChanges, RunningJob } from "../core/jobs/record.ts";
import type { JobEnd } from "../core/jobs/transitions.ts";

/** What a job sees of its runner. */
export interface JobWorld {
  /** Aborted when the job is cancelled, its claim is lost or the runner is told to end: everything it started must end. */
  signal: AbortSignal;
  /** Streams what the work says to the job's log. */
  log(text: string): void;
  /** Who does it, as soon as it is known. */
  note(known: Partial<Pick<RunningJob, "provider" | "model" | "session">>): void;
}

/** What the work itself knows of its end. */
export type JobOutcome = Omit<JobEnd, "changes" | "log_lost">;

/** Does the work of one job. What the work fails at is a failed end; a rejection is a defect and becomes a failed end too. */
export type ExecuteJob = (job: RunningJob, world: JobWorld) => Promise<JobOutcome>;

/** Looks at a project before a job; what it gives looks again and says what changed. Undefined where nothing can be said. */
export type WatchChanges = (project: string) => Promise<(() => Promise<JobChanges>) | undefined>;

/**
 * Tells whoever wants to know that a job ended, and the engine when they were told; it should not reject. Called once an end by
 * whoever brought it about, and once more by another process where that one died meanwhile.
 */
export type OnJobEnd = (job: EndedJob) => Promise<void>;
