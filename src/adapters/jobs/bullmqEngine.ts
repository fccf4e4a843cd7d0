import type { Job as BullJob, Worker } from "bullmq";
import type { Redis } from "ioredis";
import { type EndedJob, isEnded, type JobRecord, type RunningJob } from "../../core/jobs/record.ts";
import {
  cancelJob,
  claimJob,
  finishJob,
  loseRunner,
  noteJob,
  queuedJob,
  releaseJob,
} from "../../core/jobs/transitions.ts";
import type { JobEngine } from "../../ports/jobEngine.ts";
import { messageOf } from "../../ports/thrown.ts";
import { wholeCharacters } from "./jobLog.ts";
import { RedisChanges } from "./redisChanges.ts";
import { addressOf, connected, failing, unreachable } from "./redisConnection.ts";
import { CHANGES, JOBS_KEY, RedisJobs } from "./redisJobs.ts";

export interface BullmqPlace {
  /** redis:// or rediss:// */
  url: string;
  newId(): string;
  now(): number;
  log(message: string, error?: unknown): void;
  /** BullMQ looks for lost locks so often (ms). */
  stalledEveryMs?: number;
  /** Who has not told of an end in this time died (ms). */
  tellingMs?: number;
}

const QUEUE = "oh-my-qwencoder-jobs";
/** We count runs ourselves, with their runners. */
const ANY_NUMBER = 1_000_000;
const STALLED_EVERY_MS = 5_000;
/** Telling takes four minutes at most: a webhook's tries, and the waits that it asks for. */
const TELLING_MS = 300_000;
/** Ended jobs that BullMQ's own tools can show. */
const KEPT = 1_000;

/**
 * Jobs in a Redis, for runners on any host. BullMQ hands them out, keeps the lock that is a runner's lease, and hands on the
 * job of a runner whose lock expired. What a job is and how it ended is its record (`RedisJobs`), which changes by the same
 * steps as the local engine's: so a job has one end, whatever BullMQ hands out twice.
 *
 * @throws JobStoreError where Redis does not answer
 */
export async function bullmqEngine(place: BullmqPlace): Promise<JobEngine & { workers(): Promise<number> }> {
  // Loaded here, not above: a bundler puts what a file imports at the beginning of the whole bundle, and OpenCode's start
  // would wait for both though nobody has a Redis.
  const { redisClients } = await import("./redisClients.ts");
  const { Queue, Redis, UnrecoverableError, Worker } = redisClients;
  const redis = await connected(Redis, place.url);
  const records = new RedisJobs(redis, place.tellingMs ?? TELLING_MS);
  // BullMQ tells errors of its connections as events; the commands that fail by them tell them too.
  const noted = <T extends { on(event: "error", listener: (error: Error) => void): unknown }>(source: T): T => {
    source.on("error", (error) => place.log("Redis", error));
    return source;
  };
  const queue = noted(new Queue(QUEUE, { connection: redis, defaultJobOptions: { removeOnComplete: KEPT } }));
  let worker: { worker: Worker; connection: Redis } | undefined;
  const changes = new RedisChanges(
    () => noted(new Redis(place.url, { maxRetriesPerRequest: null })),
    (message, error) => place.log(message, error),
  );
  const held = new Map<string, BullJob>();
  const untold: EndedJob[] = [];
  let last = 0;
  const iso = () => new Date(place.now()).toISOString();
  const lockKey = (id: string) => `${queue.toKey(id)}:lock`;

  const openWorker = async () => {
    if (worker) return worker.worker;
    const connection = noted(new Redis(place.url, { maxRetriesPerRequest: null }));
    const options = {
      ...{ connection, autorun: false, skipLockRenewal: true, maxStalledCount: ANY_NUMBER },
      stalledInterval: place.stalledEveryMs ?? STALLED_EVERY_MS,
    };
    worker = { connection, worker: noted(new Worker(QUEUE, undefined, options)) };
    await worker.worker.startStalledCheckTimer();
    return worker.worker;
  };

  /** Takes a job out of BullMQ's hands. The record has its end already: where this fails, the next one to get it lets it go. */
  const letGo = async (bull: BullJob, job: JobRecord | undefined, token: string) => {
    held.delete(bull.id ?? "");
    try {
      if (job?.status === "failed") await bull.moveToFailed(new UnrecoverableError(job.error.message), token, false);
      else await bull.moveToCompleted(job?.status ?? "forgotten", token, false);
    } catch (error) {
      place.log(`${bull.id}: its entry in BullMQ stays until another runner gets it`, error);
    }
  };

  const loseOne = async (id: string, token: string) => {
    const lost = await records.advance(id, (job) => loseRunner(job, token, iso()));
    return lost?.ok ? lost.job : undefined;
  };

  const engine: JobEngine & { workers(): Promise<number> } = {
    name: "bullmq",
    place: addressOf(place.url),
    placeOf: (id) => `${addressOf(place.url)} ${JOBS_KEY} ${id}`,

    async enqueue(request) {
      for (;;) {
        last = Math.max(place.now(), last + 1);
        const job = queuedJob(request, place.newId(), new Date(last).toISOString());
        if (!(await records.add(job))) continue;
        await queue.add("job", {}, { jobId: job.task_id });
        await redis.publish(CHANGES, job.task_id);
        return job;
      }
    },

    async claim(runner) {
      const { token, lease_ms } = runner;
      const from = await openWorker();
      for (;;) {
        const bull = await from.getNextJob(token, { block: false });
        const id = bull?.id;
        if (bull === undefined || id === undefined) return undefined;
        await bull.extendLock(token, lease_ms);
        const present = await records.read(id);
        // BullMQ gave it away again: the lock of whoever had it is gone.
        if (present?.status === "running") {
          const lost = await loseOne(id, present.runner.token);
          if (lost && isEnded(lost)) untold.push(lost);
        }
        const taken = await records.advance(id, (job) => claimJob(job, runner, iso()));
        if (taken?.ok) {
          held.set(id, bull);
          return taken.job;
        }
        await letGo(bull, await records.read(id), token);
      }
    },

    async heartbeat({ task_id: id, runner: { token, lease_ms } }) {
      const present = await records.read(id);
      if (!isMine(present, token)) return "lost";
      try {
        if (!(await held.get(id)?.extendLock(token, lease_ms))) return "lost";
      } catch (error) {
        if (/missing lock/i.test(messageOf(error))) return "lost";
        throw unreachable(place.url, error);
      }
      return present.cancel_requested_at === null ? "held" : "cancel";
    },

    async note(job, known) {
      await records.advance(job.task_id, (present) => noteJob(present, job.runner.token, known));
    },

    async finish(job, end) {
      const { token } = job.runner;
      const ended = await records.advance(job.task_id, (present) => finishJob(present, token, end, iso()));
      const bull = held.get(job.task_id);
      if (ended?.ok && bull) await letGo(bull, ended.job, token);
      held.delete(job.task_id);
      return ended;
    },

    async release(job) {
      const { token } = job.runner;
      const released = await records.advance(job.task_id, (present) => releaseJob(present, token, iso()));
      const bull = held.get(job.task_id);
      held.delete(job.task_id);
      if (!released?.ok || !bull) return released;
      if (released.job.status === "queued") await bull.moveToWait(token);
      else await letGo(bull, released.job, token);
      return released;
    },

    async cancel(id) {
      const cancelled = await records.advance(id, (job) => cancelJob(job, iso()));
      // One that a runner takes in this moment is let go by it.
      if (cancelled?.ok && isEnded(cancelled.job)) await queue.remove(id);
      return cancelled;
    },

    read: (id) => records.read(id),

    async list() {
      const list = await records.all();
      const waiting = list.jobs.filter(({ status }) => status === "queued");
      const there = await Promise.all(waiting.map(({ task_id }) => redis.exists(queue.toKey(task_id))));
      // Whoever stored it died before BullMQ knew of it.
      for (const [at, { task_id }] of waiting.entries())
        if (there[at] === 0) await queue.add("job", {}, { jobId: task_id });
      return list;
    },

    async sweep() {
      const swept: Awaited<ReturnType<JobEngine["sweep"]>> = { requeued: [], ended: untold.splice(0) };
      for (const job of await records.running()) {
        if ((await redis.exists(lockKey(job.task_id))) === 1) continue;
        const lost = await loseOne(job.task_id, job.runner.token);
        if (lost === undefined) continue;
        if (isEnded(lost)) swept.ended.push(lost);
        else swept.requeued.push(lost);
      }
      swept.ended.push(...(await records.takeUntold()));
      return swept;
    },

    told: (id) => records.told(id),

    appendLog: (id, text) => records.appendLog(id, text),

    async readLog(id, from) {
      const bytes = wholeCharacters(await records.readLog(id, from));
      return { text: bytes.toString("utf8"), next: from + bytes.length };
    },

    async prune({ before, statuses }) {
      const { jobs } = await records.all();
      const old = jobs.filter(
        (job) => isEnded(job) && statuses.includes(job.status) && Date.parse(job.completed_at) < before.getTime(),
      );
      for (const { task_id } of old) {
        await records.remove(task_id);
        await queue.remove(task_id);
      }
      return old.map(({ task_id }) => task_id);
    },

    changed: (signal, id) => changes.next(signal, id),

    workers: () => queue.getWorkersCount(),

    async close() {
      if (worker) {
        await worker.worker.close(true);
        worker.connection.disconnect();
      }
      changes.close();
      await queue.close();
      redis.disconnect();
    },
  };
  return failing(engine, place.url);
}

function isMine(job: JobRecord | undefined, token: string): job is RunningJob {
  return job?.status === "running" && job.runner.token === token;
}
