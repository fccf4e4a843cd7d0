import type {
  EndedJob,
  JobRecord,
  JobRequest,
  JobRunner,
  JobStatus,
  QueuedJob,
  RunningJob,
} from "../core/jobs/record.ts";
import type { JobEnd, JobRefusal } from "../core/jobs/transitions.ts";

/** A job that cannot be read: named, and no reason not to read the others. */
export interface DamagedJob {
  task_id: string;
  /** The file, or the key. */
  place: string;
  reason: string;
  /** Whether it goes on from what else is known of it. */
  recovered: boolean;
}

export interface JobList {
  /** Oldest first. */
  jobs: JobRecord[];
  damaged: DamagedJob[];
}

/** What became of jobs whose runners died. */
export interface Swept {
  requeued: QueuedJob[];
  /** Whose end nobody was told of yet, now the caller's to tell: those that ended by this, and those whose teller died. */
  ended: EndedJob[];
}

/** What a step that somebody asked for came to; undefined for an id that nobody knows. */
export type JobAnswer<T extends JobRecord = JobRecord> =
  | { ok: true; job: T }
  | { ok: false; refusal: JobRefusal }
  | undefined;

/** Text of a log from one place on. */
export interface LogPart {
  text: string;
  /** Where to read on. */
  next: number;
}

/** No id, a damaged file, a full disk, no Redis: what happened, where, and what to do next. */
export class JobStoreError extends Error {
  override readonly name = "JobStoreError";
  readonly next: string;
  /** `unwritable`: the disk is full, or the store may not be written. */
  readonly kind: "unwritable" | "unreadable" | "unknown-id" | "unreachable";
  /** The id, file, directory or address it is about. */
  readonly place: string;
  /** What the system said; undefined where it said nothing. */
  readonly reason: string | undefined;

  constructor(kind: JobStoreError["kind"], about: { place: string; reason?: string }, message: string, next: string) {
    super(message);
    this.kind = kind;
    this.place = about.place;
    this.reason = about.reason;
    this.next = next;
  }
}

/**
 * Keeps jobs and hands each to one runner at a time. Any number of processes may use one store. Every job gets exactly one
 * end; a job whose runner dies is handed on. Whoever brings an end about has it told and then says so (`told`); where that
 * process dies before, the end is another's to tell: at least once, never not at all. Methods reject with JobStoreError where the store cannot be used.
 */
export interface JobEngine {
  readonly name: "local" | "bullmq";
  /** Where jobs are kept, for messages. */
  readonly place: string;
  /** Where a person finds the result of a job, for messages. */
  placeOf(id: string): string;
  /** On return the job outlives a crash. */
  enqueue(request: JobRequest): Promise<QueuedJob>;
  /** The oldest job that waits, now this runner's; undefined where none waits. */
  claim(runner: JobRunner): Promise<RunningJob | undefined>;
  /** Keeps a claim alive, and says whether it still is one. Call it several times a lease. */
  heartbeat(job: RunningJob): Promise<"held" | "cancel" | "lost">;
  /** What the runner has learnt. Nothing happens where the job is another's by now. */
  note(job: RunningJob, known: Partial<Pick<RunningJob, "provider" | "model" | "session">>): Promise<void>;
  /** The one end of a job; `not-yours` where the claim was lost: then another ends it. */
  finish(job: RunningJob, end: JobEnd): Promise<JobAnswer<EndedJob>>;
  /** Gives a job back unfinished, because the runner ends: another begins it anew. */
  release(job: RunningJob): Promise<JobAnswer<QueuedJob | EndedJob>>;
  /** One that waits ends at once; one that runs is ended by its runner. */
  cancel(id: string): Promise<JobAnswer>;
  /** @throws JobStoreError where it is there but cannot be read */
  read(id: string): Promise<JobRecord | undefined>;
  list(): Promise<JobList>;
  /** Looks for runners that died, and hands on or ends their jobs. Whoever looks at jobs calls it first. */
  sweep(): Promise<Swept>;
  /** Everybody was told of a job's end, or could not be. */
  told(id: string): Promise<void>;
  appendLog(id: string, text: string): Promise<void>;
  /** @param from 0, or `next` of the part before */
  readLog(id: string, from: number): Promise<LogPart>;
  /** Forgets ended jobs. @returns the ids */
  prune(which: { before: Date; statuses: readonly JobStatus[] }): Promise<string[]>;
  /**
   * Resolves when something may have changed after the call: that a job waits or ended, or with an id, anything of that job,
   * its log included. Also after a few seconds without a change, and when `signal` aborts. Call it, look, then wait for it.
   */
  changed(signal: AbortSignal, id?: string): Promise<void>;
  close(): Promise<void>;
}
