import {
  type EndedJob,
  isEnded,
  type JobChanges,
  type JobError,
  type JobRecord,
  type JobRequest,
  type JobRunner,
  type QueuedJob,
  type RunningJob,
} from "./record.ts";

/** How a run ended. */
export interface JobEnd {
  status: "completed" | "failed" | "cancelled";
  exit_code: number;
  result: string | null;
  tokens: { input: number; output: number; cached: number } | null;
  provider: string | null;
  model: string | null;
  session: string | null;
  /** Only of a failed one. */
  error: JobError | null;
  changes: JobChanges | null;
  /** Characters that could not be written to the log. */
  log_lost: number;
}

/** Why a step is not to be: `not-queued` for a claim, `not-yours` where another runner has the job by now, `ended`, `unended`. */
export type JobRefusal = "not-queued" | "not-yours" | "ended" | "unended";
export type JobStep<T extends JobRecord = JobRecord> = { ok: true; job: T } | { ok: false; refusal: JobRefusal };

const refused = (refusal: JobRefusal): { ok: false; refusal: JobRefusal } => ({ ok: false, refusal });

/** As a shell says it of a program that was ended by Ctrl-C, and of one that was killed. */
const CANCELLED = 130;
const KILLED = 137;

const UNENDED = {
  completed_at: null,
  exit_code: null,
  result: null,
  tokens: null,
  error: null,
  changes: null,
} as const;
const NOBODY = { provider: null, model: null, session: null } as const;
const WAITING = {
  ...UNENDED,
  ...NOBODY,
  status: "queued",
  started_at: null,
  runner: null,
  cancel_requested_at: null,
} as const;

/** A job nobody has begun. @param at ISO 8601, as in every step */
export function queuedJob(request: JobRequest, id: string, at: string): QueuedJob {
  return { ...request, task_id: id, created_at: at, attempt: 0, log_lost: 0, lost: [], ...WAITING };
}

/** A runner takes a job. */
export function claimJob(job: JobRecord, runner: JobRunner, at: string): JobStep<RunningJob> {
  if (job.status !== "queued") return refused("not-queued");
  return { ok: true, job: { ...job, status: "running", started_at: at, runner, attempt: job.attempt + 1 } };
}

/** What a runner learns of its job while it runs. */
export function noteJob(
  job: JobRecord,
  token: string,
  known: Partial<Pick<RunningJob, "provider" | "model" | "session">>,
): JobStep<RunningJob> {
  if (!runs(job, token)) return refused("not-yours");
  return { ok: true, job: { ...job, ...known } };
}

/** The one end of a job. A runner that was taken for lost may not finish: its job is another's. */
export function finishJob(job: JobRecord, token: string, end: JobEnd, at: string): JobStep<EndedJob> {
  if (!runs(job, token)) return refused("not-yours");
  const { status, error, ...told } = end;
  const rest = { ...job, ...told, completed_at: at, runner: null };
  // Work that was done although it should have ended is done.
  if (status === "completed") return { ok: true, job: { ...rest, status, error: null } };
  if (status === "cancelled" || job.cancel_requested_at !== null)
    return { ok: true, job: { ...rest, status: "cancelled", exit_code: CANCELLED, error: null } };
  return {
    ok: true,
    job: { ...rest, status, error: error ?? { kind: "unknown", message: "The run failed and said nothing." } },
  };
}

/** The runner died: the job waits for another, or has failed where too many died on it. */
export function loseRunner(job: JobRecord, token: string, at: string): JobStep<QueuedJob | EndedJob> {
  if (!runs(job, token)) return refused("not-yours");
  const { host, pid } = job.runner;
  const lost = [...job.lost, { host, pid, at }];
  if (job.cancel_requested_at === null && job.attempt < job.max_attempts)
    return { ok: true, job: { ...job, ...WAITING, lost } };
  const rest = { ...job, lost, ...UNENDED, completed_at: at, runner: null };
  if (job.cancel_requested_at !== null)
    return { ok: true, job: { ...rest, status: "cancelled", exit_code: CANCELLED, error: null } };
  const message = `Its runner died ${lost.length} times (last: process ${pid} on ${host}). Look at its log, then: job retry ${job.task_id}`;
  return { ok: true, job: { ...rest, status: "failed", exit_code: KILLED, error: { kind: "lost", message } } };
}

/** Its runner ends in order and gives it back: that counts as no run. One that should have ended, ends. */
export function releaseJob(job: JobRecord, token: string, at: string): JobStep<QueuedJob | EndedJob> {
  if (!runs(job, token)) return refused("not-yours");
  if (job.cancel_requested_at === null) return { ok: true, job: { ...job, ...WAITING, attempt: job.attempt - 1 } };
  const end = { ...UNENDED, status: "cancelled", completed_at: at, runner: null, exit_code: CANCELLED } as const;
  return { ok: true, job: { ...job, ...end } };
}

/** A person wants it no more: one that waits ends here, one that runs is ended by its runner. */
export function cancelJob(job: JobRecord, at: string): JobStep {
  if (isEnded(job)) return refused("ended");
  if (job.status === "running")
    return { ok: true, job: { ...job, cancel_requested_at: job.cancel_requested_at ?? at } };
  return {
    ok: true,
    job: { ...job, status: "cancelled", cancel_requested_at: at, completed_at: at, exit_code: CANCELLED },
  };
}

/** The same work as a new job; the old one keeps its end. */
export function retryRequest(job: JobRecord): { ok: true; request: JobRequest } | { ok: false; refusal: JobRefusal } {
  if (!isEnded(job)) return refused("unended");
  const { prompt, agent, wanted_provider, wanted_model, kind, project, timeout_ms, max_attempts, estimate, asked_by } =
    job;
  const request = {
    prompt,
    agent,
    wanted_provider,
    wanted_model,
    kind,
    project,
    timeout_ms,
    max_attempts,
    estimate,
    asked_by,
  };
  return { ok: true, request: { ...request, retry_of: job.task_id } };
}

function runs(job: JobRecord, token: string): job is RunningJob {
  return job.status === "running" && job.runner.token === token;
}
