import type { JobRunner } from "../../core/jobs/record.ts";
import { JobStoreError } from "../../ports/jobEngine.ts";
import { type JobServices, runJob, tellEnd } from "./runJob.ts";

export interface WorkOptions {
  /** This process; every claim gets a token of its own. */
  runner: Omit<JobRunner, "token">;
  newToken(): string;
  /** `idle` ends when no job waits, `stopped` goes on until `signal`. */
  until: "idle" | "stopped";
  /** Jobs at once. */
  places: number;
  signal: AbortSignal;
}

/** After the store could not be used (ms). */
const AGAIN_MS = 2_000;
/** An idle worker lists all jobs so often, which mends what a crash left (ms). */
const LOOK_THROUGH_MS = 30_000;

/** Takes jobs, one a place at a time, and runs them to their ends. @returns how many it began */
export async function workJobs(services: JobServices, options: WorkOptions): Promise<number> {
  const begun = await Promise.all(Array.from({ length: options.places }, () => workAtOnePlace(services, options)));
  return begun.reduce((sum, one) => sum + one, 0);
}

async function workAtOnePlace(
  services: JobServices,
  { runner, newToken, until, signal }: WorkOptions,
): Promise<number> {
  const { engine, log } = services;
  let begun = 0;
  let looked = performance.now();
  while (!signal.aborted) {
    try {
      const swept = await engine.sweep();
      for (const job of swept.ended) await tellEnd(services, job);
      const job = await engine.claim({ ...runner, token: newToken() });
      if (job) {
        begun += 1;
        await runJob(job, services, signal);
        continue;
      }
      const end = new AbortController();
      const changed = engine.changed(AbortSignal.any([signal, end.signal]));
      const idle = until === "idle";
      const looks = idle || performance.now() - looked > LOOK_THROUGH_MS;
      if (looks) looked = performance.now();
      const waits = looks && (await anyWaits(services));
      if (waits || idle) end.abort();
      await changed;
      if (idle && !waits) break;
    } catch (error) {
      if (!(error instanceof JobStoreError)) throw error;
      log("the jobs cannot be reached", error);
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
  return begun;
}

async function anyWaits({ engine }: JobServices): Promise<boolean> {
  const { jobs } = await engine.list();
  return jobs.some(({ status }) => status === "queued");
}
