import type { Redis } from "ioredis";
import { z } from "zod";
import { type EndedJob, isEnded, type JobRecord, jobRecordSchema, type RunningJob } from "../../core/jobs/record.ts";
import { TASK_ID } from "../../core/jobs/taskId.ts";
import type { JobRefusal, JobStep } from "../../core/jobs/transitions.ts";
import { type DamagedJob, JobStoreError } from "../../ports/jobEngine.ts";

const PREFIX = "oh-my-qwencoder";
/** A hash: id to the job's JSON. */
export const JOBS_KEY = `${PREFIX}:jobs`;
/** A set of ids: those of jobs that run. */
const RUNNING_KEY = `${PREFIX}:running`;
/** A set of ids: jobs of whose end nobody was told yet. */
const UNTOLD_KEY = `${PREFIX}:untold`;
/** Somebody tells of the end of a job. */
export const tellingKey = (id: string) => `${PREFIX}:telling:${id}`;
/** Ids that changed are told here. */
export const CHANGES = `${PREFIX}:changes`;
const logKey = (id: string) => `${PREFIX}:log:${id}`;

/** Bytes of one job's log in Redis, which holds it in memory. */
const MOST_LOG_BYTES = 8 * 1024 * 1024;
const LOG_PART = 256 * 1024;
const MOST_TRIES = 100;

/** Replaces a job where it still is what was read: of several that try, one succeeds. Who writes an end has to tell of it. */
const REPLACE = `
if redis.call("HGET", KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call("HSET", KEYS[1], ARGV[1], ARGV[3])
redis.call(ARGV[5] == "running" and "SADD" or "SREM", KEYS[2], ARGV[1])
if ARGV[5] ~= "running" and ARGV[5] ~= "queued" then
  redis.call("SADD", KEYS[3], ARGV[1])
  redis.call("SET", KEYS[4], "", "PX", ARGV[6])
end
redis.call("PUBLISH", ARGV[4], ARGV[1])
return 1`;
/** Appends as much as there is room for. */
const APPEND = `
local room = tonumber(ARGV[2]) - redis.call("STRLEN", KEYS[1])
if room > 0 then redis.call("APPEND", KEYS[1], string.sub(ARGV[1], 1, room)) end
redis.call("PUBLISH", ARGV[3], ARGV[4])`;

/** The records and logs of jobs in a Redis. Every step is one that finds the job as it was read. */
export class RedisJobs {
  private readonly redis: Redis;
  private readonly tellingMs: number;

  /** @param tellingMs after so long without `told`, whoever wrote an end died */
  constructor(redis: Redis, tellingMs: number) {
    this.redis = redis;
    this.tellingMs = tellingMs;
  }

  /** False where the id is taken. */
  async add(job: JobRecord): Promise<boolean> {
    return (await this.redis.hsetnx(JOBS_KEY, job.task_id, JSON.stringify(job))) === 1;
  }

  /** @throws JobStoreError where it cannot be read */
  async read(id: string): Promise<JobRecord | undefined> {
    const text = await this.text(id);
    return text === null ? undefined : parsed(id, text);
  }

  async all(): Promise<{ jobs: JobRecord[]; damaged: DamagedJob[] }> {
    const jobs: JobRecord[] = [];
    const damaged: DamagedJob[] = [];
    for (const [id, text] of Object.entries(await this.redis.hgetall(JOBS_KEY))) {
      try {
        jobs.push(parsed(id, text));
      } catch (error) {
        if (!(error instanceof JobStoreError)) throw error;
        damaged.push({ task_id: id, place: `${JOBS_KEY} ${id}`, reason: error.message, recovered: false });
      }
    }
    jobs.sort((a, b) => Date.parse(a.created_at) - Date.parse(b.created_at));
    return { jobs, damaged };
  }

  /** Those that run, without those that cannot be read. */
  async running(): Promise<RunningJob[]> {
    const ids = await this.redis.smembers(RUNNING_KEY);
    if (ids.length === 0) return [];
    const texts = await this.redis.hmget(JOBS_KEY, ...ids);
    return ids.flatMap((id, at) => {
      const text = texts[at];
      const job = text ? readable(id, text) : undefined;
      return job?.status === "running" ? [job] : [];
    });
  }

  async advance<T extends JobRecord>(
    id: string,
    step: (job: JobRecord) => JobStep<T>,
  ): Promise<{ ok: true; job: T } | { ok: false; refusal: JobRefusal } | undefined> {
    for (let attempt = 0; attempt < MOST_TRIES; attempt += 1) {
      const text = await this.text(id);
      if (text === null) return undefined;
      const taken = step(parsed(id, text));
      if (!taken.ok) return taken;
      const next = JSON.stringify(taken.job);
      const { status } = taken.job;
      const keys = [JOBS_KEY, RUNNING_KEY, UNTOLD_KEY, tellingKey(id)];
      const values = [id, text, next, CHANGES, status, this.tellingMs];
      if ((await this.redis.eval(REPLACE, keys.length, ...keys, ...values)) === 1) return taken;
    }
    throw new JobStoreError(
      "unwritable",
      { place: `${JOBS_KEY} ${id}` },
      `${JOBS_KEY} ${id} changes too quickly.`,
      "Try again.",
    );
  }

  async remove(id: string): Promise<void> {
    await this.redis.multi().hdel(JOBS_KEY, id).del(logKey(id)).srem(UNTOLD_KEY, id).exec();
  }

  /** Ended jobs whose teller died, now the caller's to tell. Those that cannot be read stay. */
  async takeUntold(): Promise<EndedJob[]> {
    const mine: EndedJob[] = [];
    for (const id of await this.redis.smembers(UNTOLD_KEY)) {
      if ((await this.redis.set(tellingKey(id), "", "PX", this.tellingMs, "NX")) === null) continue;
      const text = await this.text(id);
      if (text === null) await this.told(id);
      const job = text === null ? undefined : readable(id, text);
      if (job && isEnded(job)) mine.push(job);
    }
    return mine;
  }

  async told(id: string): Promise<void> {
    await this.redis.multi().srem(UNTOLD_KEY, id).del(tellingKey(id)).exec();
  }

  async appendLog(id: string, text: string): Promise<void> {
    await this.redis.eval(APPEND, 1, logKey(id), text, MOST_LOG_BYTES, CHANGES, id);
  }

  /** Bytes of a log from a place on. */
  async readLog(id: string, from: number): Promise<Buffer> {
    return this.redis.getrangeBuffer(logKey(id), from, from + LOG_PART - 1);
  }

  private text(id: string): Promise<string | null> {
    if (!TASK_ID.test(id))
      throw new JobStoreError(
        "unknown-id",
        { place: id },
        `"${id}" is no task id.`,
        "Ids look like task-20260122-103000-ab12; see `job list`.",
      );
    return this.redis.hget(JOBS_KEY, id);
  }
}

/** Undefined for one that cannot be read: it is named by whoever lists. */
function readable(id: string, text: string): JobRecord | undefined {
  try {
    return parsed(id, text);
  } catch (error) {
    if (error instanceof JobStoreError) return undefined;
    throw error;
  }
}

function parsed(id: string, text: string): JobRecord {
  try {
    return jobRecordSchema.parse(JSON.parse(text));
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof z.ZodError)) throw error;
    const issue = error instanceof z.ZodError ? error.issues[0] : undefined;
    const reason = issue ? `${issue.path.join(".")}: ${issue.message}` : error.message;
    throw new JobStoreError(
      "unreadable",
      { place: `${JOBS_KEY} ${id} in Redis`, reason },
      `${JOBS_KEY} ${id} in Redis cannot be read: ${reason}`,
      `Remove it (redis-cli hdel ${JOBS_KEY} ${id}); other jobs are not concerned.`,
    );
  }
}
