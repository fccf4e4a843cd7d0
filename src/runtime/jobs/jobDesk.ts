import type { TaskType } from "../../core/executors/taskAnalysis.ts";
import { estimateJob, pastJobs } from "../../core/jobs/estimate.ts";
import { type JobPlacement, type PlacementLimits, placementOf } from "../../core/jobs/placement.ts";
import {
  type EndedJob,
  isEnded,
  type JobEstimate,
  type JobRecord,
  type JobRequest,
  type JobStatus,
  type QueuedJob,
} from "../../core/jobs/record.ts";
import { retryRequest } from "../../core/jobs/transitions.ts";
import type { JobAnswer, JobEngine, JobList } from "../../ports/jobEngine.ts";
import type { OnJobEnd } from "../../ports/jobWork.ts";
import { tellEnd } from "./runJob.ts";

/** Work that somebody wants done in the background. */
export interface JobWish {
  prompt: string;
  /** Absolute path. */
  project: string;
  via: JobRequest["asked_by"]["via"];
  /** The chat that asks, to be woken at the end. */
  session?: string | undefined;
  agent?: string | undefined;
  /** Default `auto`. */
  provider?: string | undefined;
  model?: string | undefined;
  /** ms; default one hour. */
  timeoutMs?: number | undefined;
}

export interface JobDeskServices {
  engine: JobEngine;
  limits: PlacementLimits;
  now(): number;
  kindOf(prompt: string, agent: string | undefined): TaskType;
  onEnd: OnJobEnd;
  log(message: string, error?: unknown): void;
  /** Until everybody was told of the ends that were seen here. */
  told?(): Promise<void>;
  /** Runners that are connected; only where they have to be started by hand. */
  workers?(): Promise<number>;
  /** Sees to it that somebody works on jobs that wait. @param cwd where the runner starts */
  ensureRunner(cwd: string): Promise<void>;
}

/** Nobody waits for a job: it may take longer than a headless run (ms). */
const TIMEOUT_MS = 3_600_000;
/** Runs of one job, where its runners die. */
const MOST_ATTEMPTS = 3;

/** Where jobs are asked for and looked at. Whoever looks also finds runners that died. Methods reject with JobStoreError. */
export class JobDesk {
  readonly engine: JobEngine;
  private readonly services: JobDeskServices;

  constructor(services: JobDeskServices) {
    this.services = services;
    this.engine = services.engine;
  }

  /** About how long it takes, and so where it is best run. */
  async estimate(
    wish: Pick<JobWish, "prompt" | "agent" | "project">,
  ): Promise<{ estimate: JobEstimate; placement: JobPlacement }> {
    const { jobs } = await this.engine.list();
    const sketch = { description: wish.prompt, ...(wish.agent === undefined ? {} : { agent: wish.agent }) };
    const estimate = estimateJob(sketch, pastJobs(jobs, wish.project));
    return { estimate, placement: placementOf(estimate, this.services.limits) };
  }

  /** Stores a job and sees to it that it is run; comes back before it is. @param estimate where it is known already */
  async start(wish: JobWish, estimate?: JobEstimate): Promise<QueuedJob> {
    const { prompt, project, via, session, agent, provider, model, timeoutMs } = wish;
    const known = estimate ?? (await this.estimate(wish)).estimate;
    const job = await this.engine.enqueue({
      prompt,
      agent: agent ?? null,
      wanted_provider: provider ?? "auto",
      wanted_model: model ?? null,
      kind: this.services.kindOf(prompt, agent),
      project,
      timeout_ms: timeoutMs ?? TIMEOUT_MS,
      max_attempts: MOST_ATTEMPTS,
      estimate: known,
      asked_by: { via, session: session ?? null },
      retry_of: null,
    });
    await this.services.ensureRunner(project);
    return job;
  }

  /** All jobs, oldest first. */
  async list(): Promise<JobList> {
    await this.look();
    const list = await this.engine.list();
    const waits = list.jobs.find(({ status }) => status === "queued");
    if (waits) await this.services.ensureRunner(waits.project);
    return list;
  }

  /** @throws JobStoreError where it is there but cannot be read */
  async read(id: string): Promise<JobRecord | undefined> {
    await this.look();
    const job = await this.engine.read(id);
    if (job?.status === "queued") await this.services.ensureRunner(job.project);
    return job;
  }

  async cancel(id: string): Promise<JobAnswer> {
    await this.look();
    const answer = await this.engine.cancel(id);
    if (answer?.ok && isEnded(answer.job)) await tellEnd(this.services, answer.job);
    return answer;
  }

  /** The same work as a new job, once this one has ended. */
  async retry(id: string): Promise<JobAnswer<QueuedJob>> {
    await this.look();
    const old = await this.engine.read(id);
    if (old === undefined) return undefined;
    const again = retryRequest(old);
    if (!again.ok) return again;
    const job = await this.engine.enqueue(again.request);
    await this.services.ensureRunner(job.project);
    return { ok: true, job };
  }

  /** Waits for the end of a job. @returns the job as it stands when `signal` aborts; undefined where there is none */
  async wait(id: string, signal: AbortSignal): Promise<JobRecord | undefined> {
    for (;;) {
      const change = new AbortController();
      const changed = this.engine.changed(AbortSignal.any([signal, change.signal]), id);
      const job = await this.read(id);
      if (job === undefined || isEnded(job) || signal.aborted) {
        change.abort();
        await changed;
        return job;
      }
      await changed;
    }
  }

  /** A job's log from its beginning; ends with the job where `follow`, else with what there is now. */
  async *logs(id: string, { follow, signal }: { follow: boolean; signal: AbortSignal }): AsyncGenerator<string> {
    let from = 0;
    for (;;) {
      const change = new AbortController();
      const changed = this.engine.changed(AbortSignal.any([signal, change.signal]), id);
      try {
        // Looked at before the log, so that what was written last is not missed.
        const job = await this.read(id);
        for (;;) {
          const part = await this.engine.readLog(id, from);
          if (part.text === "") break;
          from = part.next;
          yield part.text;
        }
        if (!follow || job === undefined || isEnded(job) || signal.aborted) return;
        await changed;
      } finally {
        change.abort();
        await changed;
      }
    }
  }

  /** Whether nobody is there to do a job, so that a person has to start a worker. */
  async lacksWorkers(): Promise<boolean> {
    return (await this.services.workers?.()) === 0;
  }

  /** Forgets jobs that ended so long ago. @returns their ids */
  async prune(olderThanMs: number, statuses: readonly JobStatus[]): Promise<string[]> {
    await this.look();
    return this.engine.prune({ before: new Date(this.services.now() - olderThanMs), statuses });
  }

  async close(): Promise<void> {
    await this.services.told?.();
    await this.engine.close();
  }

  private async look(): Promise<void> {
    const { ended } = await this.engine.sweep();
    for (const job of ended satisfies readonly EndedJob[]) await tellEnd(this.services, job);
  }
}
