import { z } from "zod";
import { TASK_TYPES } from "../executors/taskAnalysis.ts";
import { TASK_ID } from "./taskId.ts";

/** ISO 8601, UTC. */
const moment = z.iso.datetime();
const taskId = z.string().regex(TASK_ID);
const milliseconds = z.number().min(0);
const count = z.number().int().min(0);

const estimateSchema = z.object({
  median_ms: milliseconds,
  p90_ms: milliseconds,
  /** Past jobs it comes from; 0 where it is a guess. */
  samples: count,
  from: z.enum(["history", "size"]),
});
/** About how long a job takes. */
export type JobEstimate = z.infer<typeof estimateSchema>;

const runnerSchema = z.object({
  /** Of one claim: whoever has it may heartbeat and finish. */
  token: z.string().min(1),
  host: z.string(),
  pid: z.number().int(),
  /** Start time of the process as the system counts it, so that a reused pid is not taken for it; "" where unknown. */
  started: z.string(),
  /** Names the machine's boot and the pid namespace: only inside the same ones does the pid say anything. */
  place: z.string(),
  /** The runner is lost this long after its last heartbeat. */
  lease_ms: milliseconds,
});
/** The process that does a job. */
export type JobRunner = z.infer<typeof runnerSchema>;

const tokensSchema = z.object({ input: count, output: count, cached: count });
const errorSchema = z.object({ kind: z.string(), message: z.string() });
export type JobError = z.infer<typeof errorSchema>;

const changesSchema = z.object({
  /** Trees of git before and after; the work of others in the project in between is in there too. */
  before: z.string(),
  after: z.string(),
  files: count,
  insertions: count,
  deletions: count,
  /** The first of them; binary files have no lines. */
  paths: z.array(z.object({ path: z.string(), insertions: count.nullable(), deletions: count.nullable() })),
});
/** What a job changed in its project. */
export type JobChanges = z.infer<typeof changesSchema>;

/** What is asked for. */
export const jobRequestSchema = z.object({
  prompt: z.string().min(1),
  /** Of OpenCode's, or a specialist; null leaves it to the kind of work. */
  agent: z.string().min(1).nullable(),
  /** `auto` asks the routing policy. */
  wanted_provider: z.string().min(1),
  wanted_model: z.string().min(1).nullable(),
  kind: z.enum(TASK_TYPES),
  /** Absolute path. */
  project: z.string().min(1),
  timeout_ms: milliseconds,
  /** Runs in all, where runners are lost. */
  max_attempts: z.number().int().min(1),
  estimate: estimateSchema.nullable(),
  /** Who wants to hear of the end. */
  asked_by: z.object({
    via: z.enum(["cli", "opencode", "claude", "acp", "library"]),
    /** The chat that started it, to be woken. */
    session: z.string().nullable(),
  }),
  /** The job of which this is another try. */
  retry_of: taskId.nullable(),
});
export type JobRequest = z.infer<typeof jobRequestSchema>;

const base = jobRequestSchema.extend({
  task_id: taskId,
  created_at: moment,
  /** Runs so far, this one included. */
  attempt: count,
  /** Characters that could not be written to its log. */
  log_lost: count.default(0),
  /** Runners that died on it. */
  lost: z.array(z.object({ host: z.string(), pid: z.number().int(), at: moment })),
});
const nothing = z.null();
const unended = {
  completed_at: nothing,
  exit_code: nothing,
  result: nothing,
  tokens: nothing,
  error: nothing,
  changes: nothing,
};
/** Who does it, as far as it is known. */
const doer = {
  provider: z.string().nullable(),
  model: z.string().nullable(),
  /** OpenCode's session, or the command line's own id of the run. */
  session: z.string().nullable(),
};
const ended = {
  ...doer,
  /** Null where it never ran. */
  started_at: moment.nullable(),
  completed_at: moment,
  runner: nothing,
  cancel_requested_at: moment.nullable(),
  exit_code: z.number().int(),
  /** The answer. */
  result: z.string().nullable(),
  tokens: tokensSchema.nullable(),
  changes: changesSchema.nullable(),
};

const queuedSchema = base.extend({
  ...unended,
  status: z.literal("queued"),
  started_at: nothing,
  runner: nothing,
  cancel_requested_at: nothing,
  provider: nothing,
  model: nothing,
  session: nothing,
});
const runningSchema = base.extend({
  ...unended,
  ...doer,
  status: z.literal("running"),
  started_at: moment,
  runner: runnerSchema,
  cancel_requested_at: moment.nullable(),
});
const completedSchema = base.extend({ ...ended, status: z.literal("completed"), error: nothing });
const failedSchema = base.extend({ ...ended, status: z.literal("failed"), error: errorSchema });
const cancelledSchema = base.extend({ ...ended, status: z.literal("cancelled"), error: nothing });

/** `job.json`: everything that is known of a job. */
export const jobRecordSchema = z.discriminatedUnion("status", [
  queuedSchema,
  runningSchema,
  completedSchema,
  failedSchema,
  cancelledSchema,
]);
export type JobRecord = z.infer<typeof jobRecordSchema>;
export type JobStatus = JobRecord["status"];
export type QueuedJob = z.infer<typeof queuedSchema>;
export type RunningJob = z.infer<typeof runningSchema>;
/** Nothing happens to it any more. */
export type EndedJob = Exclude<JobRecord, QueuedJob | RunningJob>;

export const JOB_STATUSES = [
  "queued",
  "running",
  "completed",
  "failed",
  "cancelled",
] as const satisfies readonly JobStatus[];

export function isEnded(job: JobRecord): job is EndedJob {
  return job.status !== "queued" && job.status !== "running";
}
