import type { RunningJob } from "../../core/jobs/record.ts";
import type { JobEngine } from "../../ports/jobEngine.ts";
import { JobStoreError } from "../../ports/jobEngine.ts";
import type { ExecuteJob, JobOutcome, OnJobEnd, WatchChanges } from "../../ports/jobWork.ts";
import { messageOf } from "../../ports/thrown.ts";
import { LogStream } from "./logStream.ts";

export interface JobServices {
  engine: JobEngine;
  execute: ExecuteJob;
  watchChanges: WatchChanges;
  onEnd: OnJobEnd;
  /** Notes for whoever looks after the runner. */
  log(message: string, error?: unknown): void;
}

/** Heartbeats a lease; a wish to cancel is seen with the next one. */
const BEATS = 10;
/** At least as often (ms). */
const SLOWEST_BEAT_MS = 1_000;
/** Between tries to write an end that cannot be written (ms): from, and at most. */
const FINISH_AGAIN_MS = [200, 10_000] as const;

/**
 * Runs one claimed job to its end. While it runs its claim is kept alive; where that is lost, the work is ended and another
 * runner's. An end that cannot be written is tried again until it can be.
 *
 * @param stop aborted where the runner is to end: the job is given back
 */
export async function runJob(job: RunningJob, services: JobServices, stop: AbortSignal): Promise<void> {
  const { engine, log } = services;
  const id = job.task_id;
  const own = new AbortController();
  const signal = AbortSignal.any([stop, own.signal]);
  const claim = new Claim(job, engine, () => own.abort(), log);
  const stream = new LogStream((text) => engine.appendLog(id, text));
  try {
    const outcome = await workOn(job, services, signal, stream);
    if (claim.lost) {
      log(`${id} is another runner's by now; what came of it here is let go`);
      return;
    }
    const unwritten = await stream.end();
    if (unwritten !== undefined) log(`${id}: ${stream.lost} characters of its log are lost: ${unwritten}`);
    // Work that was done is done, whatever else was wanted meanwhile.
    if (stop.aborted && !claim.cancelled && outcome.status !== "completed") {
      const released = await engine.release(job);
      if (released?.ok && released.job.status === "cancelled") await tellEnd(services, released.job);
      return;
    }
    const end = { ...outcome, log_lost: stream.lost };
    const ended = await persist(
      () => engine.finish(job, end),
      stop,
      (error) => log(`${id}: its end cannot be written yet`, error),
    );
    if (ended?.ok) await tellEnd(services, ended.job);
    else log(`${id} is another runner's by now; what came of it here is let go`);
  } finally {
    claim.end();
  }
}

async function workOn(job: RunningJob, services: JobServices, signal: AbortSignal, stream: LogStream) {
  const { engine, execute, watchChanges, log } = services;
  const quietly = async <T>(what: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      log(`${job.task_id}: ${what}`, error);
      return undefined;
    }
  };
  const look = await quietly("what it changes cannot be said", () => watchChanges(job.project));
  const notes: Promise<unknown>[] = [];
  const outcome = await execute(job, {
    signal,
    log: (text) => stream.add(text),
    note: (known) => notes.push(quietly("a note of it was not written", () => engine.note(job, known))),
  }).catch((error: unknown): JobOutcome => {
    log(`${job.task_id} broke`, error);
    const failed = { kind: "unknown", message: messageOf(error) };
    return { ...NOTHING, status: "failed", exit_code: 1, error: failed };
  });
  await Promise.all(notes);
  const changes = look && (await quietly("what it changed cannot be said", look));
  return { ...outcome, changes: changes ?? null };
}

const NOTHING = { result: null, tokens: null, provider: null, model: null, session: null } as const;

/** Whoever wants to hear of an end; a message that cannot be given takes no end back. */
export async function tellEnd(
  { onEnd, log }: Pick<JobServices, "onEnd" | "log">,
  job: Parameters<OnJobEnd>[0],
): Promise<void> {
  try {
    await onEnd(job);
  } catch (error) {
    log(`${job.task_id}: nobody could be told of its end`, error);
  }
}

/** Tries again while the store cannot be used. @throws where the runner is to end, or for another reason */
async function persist<T>(write: () => Promise<T>, stop: AbortSignal, failed: (error: unknown) => void): Promise<T> {
  let [wait] = FINISH_AGAIN_MS as readonly [number, number];
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof JobStoreError) || stop.aborted) throw error;
      failed(error);
      await new Promise((resolve) => setTimeout(resolve, wait));
      wait = Math.min(wait * 2, FINISH_AGAIN_MS[1]);
    }
  }
}

/** The hold on a job: a heartbeat several times a lease. */
class Claim {
  lost = false;
  cancelled = false;
  private heard = performance.now();
  private readonly timer: NodeJS.Timeout;
  private asking = false;

  constructor(job: RunningJob, engine: JobEngine, stop: () => void, log: JobServices["log"]) {
    const lease = job.runner.lease_ms;
    const beat = async () => {
      if (this.asking) return;
      this.asking = true;
      try {
        const answer = await engine.heartbeat(job);
        this.heard = performance.now();
        if (answer === "cancel") this.cancelled = true;
        if (answer === "lost") this.lost = true;
      } catch (error) {
        log(`${job.task_id}: no heartbeat`, error);
        // Others take it for lost after a lease without one: it must have ended here by then.
        if (performance.now() - this.heard > lease * 0.8) this.lost = true;
      } finally {
        this.asking = false;
      }
      if (this.lost || this.cancelled) stop();
    };
    this.timer = setInterval(() => void beat(), Math.min(lease / BEATS, SLOWEST_BEAT_MS));
  }

  end(): void {
    clearInterval(this.timer);
  }
}
