import { mkdirSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import {
  isEnded,
  type JobRecord,
  type JobRequest,
  type JobRunner,
  type QueuedJob,
  type RunningJob,
} from "../../core/jobs/record.ts";
import {
  cancelJob,
  claimJob,
  finishJob,
  type JobEnd,
  type JobStep,
  loseRunner,
  noteJob,
  queuedJob,
  releaseJob,
} from "../../core/jobs/transitions.ts";
import { type DamagedJob, type JobEngine, JobStoreError } from "../../ports/jobEngine.ts";
import { isAlive, processPlace } from "../processIdentity.ts";
import { directoryChange } from "./directoryChange.ts";
import { JobFiles, namesIn, putMarker } from "./jobFiles.ts";
import { appendToLog, readLogFrom } from "./jobLog.ts";
import { UntoldEnds } from "./untoldEnds.ts";

interface LocalPlace {
  /** The results directory; made on the first job. */
  root: string;
  newId(): string;
  now(): number;
}

/** A runner that lives but has not been heard for so many leases hangs: it is ended. */
const HUNG_AFTER_LEASES = 2;
/** A runner's death is no event of the file system: whoever waits looks at least as often (ms). */
const LOOK_EVERY_MS = 2_000;

/**
 * Jobs as directories of this machine. `.queue` and `.running` have an empty file a job, so that a runner need not read all
 * of them; they are hints, which whoever lists mends.
 */
export function localEngine({ root, newId, now }: LocalPlace): JobEngine {
  const files = new JobFiles(root);
  const queue = join(root, ".queue");
  const runningDir = join(root, ".running");
  const untold = new UntoldEnds(join(root, ".untold"), now);
  const here = processPlace();
  let last = 0;
  const iso = () => new Date(now()).toISOString();
  const queueName = (job: Pick<JobRecord, "created_at" | "task_id">) => `${Date.parse(job.created_at)}.${job.task_id}`;
  const forget = (dir: string, name: string) => rmSync(join(dir, name), { force: true });

  const settle = (job: JobRecord) => {
    if (job.status === "queued") putMarker(queue, queueName(job));
    else forget(queue, queueName(job));
    if (job.status !== "running") forget(runningDir, job.task_id);
  };

  /** A step to a job's end: that it has to be told of is known before. @param teller default: this process */
  const owing = <T extends JobRecord>(taken: JobStep<T>, teller?: JobRunner): JobStep<T> => {
    try {
      if (taken.ok && isEnded(taken.job)) untold.owe(taken.job.task_id, teller);
    } catch (error) {
      throw files.unwritable(error);
    }
    return taken;
  };

  const isLost = (job: RunningJob, turn: number): boolean => {
    const { place, lease_ms, pid } = job.runner;
    const heard = statSync(files.turnFile(job.task_id, turn), { throwIfNoEntry: false })?.mtimeMs ?? 0;
    const silentMs = now() - heard;
    if (place !== here) return silentMs > lease_ms;
    if (!isAlive(job.runner)) return true;
    if (silentMs <= lease_ms * HUNG_AFTER_LEASES || pid === process.pid) return false;
    // It may wake up again beside its successor: it must not.
    process.kill(pid, "SIGKILL");
    return true;
  };

  const hasEnded = (id: string): boolean | undefined => {
    try {
      const job = files.load(id)?.job;
      return job && isEnded(job);
    } catch (error) {
      // A damaged one may be mended yet.
      if (error instanceof JobStoreError) return false;
      throw error;
    }
  };

  const engine: JobEngine = {
    name: "local",
    place: root,
    placeOf: (id) => files.jobFile(id),

    async enqueue(request: JobRequest): Promise<QueuedJob> {
      for (;;) {
        // Two of one millisecond keep their order.
        last = Math.max(now(), last + 1);
        const job = queuedJob(request, newId(), new Date(last).toISOString());
        if (!(await files.add(job))) continue;
        settle(job);
        return job;
      }
    },

    async claim(runner: JobRunner): Promise<RunningJob | undefined> {
      for (const name of namesIn(queue).sort()) {
        const id = name.slice(name.indexOf(".") + 1);
        // Before the claim, so that a runner that dies right after it is looked for.
        putMarker(runningDir, id);
        let taken: Awaited<ReturnType<typeof files.advance<RunningJob>>>;
        try {
          taken = await files.advance(id, (job) => claimJob(job, runner, iso()));
        } catch (error) {
          // A damaged job is named by those who list; the others go on.
          if (error instanceof JobStoreError && error.kind !== "unwritable") continue;
          throw error;
        }
        forget(queue, name);
        if (taken?.ok) return taken.job;
        if (taken === undefined) forget(runningDir, id);
      }
      return undefined;
    },

    async heartbeat(job) {
      const stored = files.load(job.task_id);
      const present = stored?.job;
      if (present?.status !== "running" || present.runner.token !== job.runner.token) return "lost";
      const time = new Date(now());
      // Needs no room on the disk.
      utimesSync(files.turnFile(job.task_id, stored?.turn ?? 0), time, time);
      return present.cancel_requested_at === null ? "held" : "cancel";
    },

    async note(job, known) {
      await files.advance(job.task_id, (present) => noteJob(present, job.runner.token, known));
    },

    async finish(job: RunningJob, end: JobEnd) {
      const { runner } = job;
      const ended = await files.advance(job.task_id, (present) =>
        owing(finishJob(present, runner.token, end, iso()), runner),
      );
      if (ended?.ok) settle(ended.job);
      return ended;
    },

    async release(job) {
      const { runner } = job;
      const released = await files.advance(job.task_id, (present) =>
        owing(releaseJob(present, runner.token, iso()), runner),
      );
      if (released?.ok) settle(released.job);
      return released;
    },

    async cancel(id) {
      const cancelled = await files.advance(id, (job) => owing(cancelJob(job, iso())));
      if (cancelled?.ok) settle(cancelled.job);
      return cancelled;
    },

    read: async (id) => files.load(id)?.job,

    async list() {
      const jobs: JobRecord[] = [];
      const damaged: DamagedJob[] = [];
      const waiting = new Set(namesIn(queue));
      const running = new Set(namesIn(runningDir));
      for (const id of files.ids()) {
        try {
          const stored = files.load(id);
          if (stored === undefined) continue;
          const { job, damage } = stored;
          jobs.push(job);
          if (damage) damaged.push(damage);
          if (job.status === "queued" && !waiting.has(queueName(job))) putMarker(queue, queueName(job));
          if (job.status === "running" && !running.has(id)) putMarker(runningDir, id);
        } catch (error) {
          if (!(error instanceof JobStoreError)) throw error;
          damaged.push({ task_id: id, place: files.jobFile(id), reason: error.message, recovered: false });
        }
      }
      jobs.sort((a, b) => Date.parse(a.created_at) - Date.parse(b.created_at));
      return { jobs, damaged };
    },

    async sweep() {
      const swept: Awaited<ReturnType<JobEngine["sweep"]>> = { requeued: [], ended: [] };
      for (const id of namesIn(runningDir)) {
        try {
          const stored = files.load(id);
          const job = stored?.job;
          if (job === undefined || isEnded(job)) forget(runningDir, id);
          if (job?.status !== "running" || !isLost(job, stored?.turn ?? 0)) continue;
          const { token } = job.runner;
          const lost = await files.advance(id, (present) => owing(loseRunner(present, token, iso())));
          if (!lost?.ok) continue;
          settle(lost.job);
          if (lost.job.status === "queued") swept.requeued.push(lost.job);
          else swept.ended.push(lost.job);
        } catch (error) {
          if (!(error instanceof JobStoreError) || error.kind === "unwritable") throw error;
        }
      }
      for (const id of untold.takeOver(hasEnded)) {
        const job = files.load(id)?.job;
        if (job && isEnded(job)) swept.ended.push(job);
      }
      return swept;
    },

    async told(id) {
      untold.told(id);
    },

    async appendLog(id, text) {
      appendToLog(join(files.dirOf(id), "log"), text);
    },

    readLog: async (id, from) => readLogFrom(join(files.dirOf(id), "log"), from),

    async prune({ before, statuses }) {
      const { jobs } = await engine.list();
      const old = jobs.filter(
        (job) => isEnded(job) && statuses.includes(job.status) && Date.parse(job.completed_at) < before.getTime(),
      );
      for (const { task_id } of old) files.remove(task_id);
      return old.map(({ task_id }) => task_id);
    },

    async changed(signal, id) {
      const dirs = id === undefined ? [queue, runningDir] : [files.dirOf(id)];
      if (id === undefined) for (const dir of dirs) mkdirSync(dir, { recursive: true, mode: 0o700 });
      await directoryChange(dirs, LOOK_EVERY_MS, signal);
    },

    close: async () => undefined,
  };
  return engine;
}
