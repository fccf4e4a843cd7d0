import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { bullmqEngine } from "../../../src/adapters/jobs/bullmqEngine.ts";
import { JOBS_KEY, tellingKey } from "../../../src/adapters/jobs/redisJobs.ts";
import type { JobRunner } from "../../../src/core/jobs/record.ts";
import { taskIdOf } from "../../../src/core/jobs/taskId.ts";
import { done, request } from "../../core/jobs/scenario.ts";
import { engineContract } from "./engineContract.ts";
import { hasRedis, startRedis } from "./redis.ts";

describe.skipIf(!hasRedis)("bullmq, on a redis-server of its own", () => {
  let redis: Awaited<ReturnType<typeof startRedis>>;
  beforeAll(async () => {
    redis = await startRedis();
  });
  beforeEach(() => redis.flush());
  afterAll(() => redis.stop());

  const engineOf = async () => {
    const engine = await bullmqEngine({
      url: redis.url,
      newId: () => taskIdOf(Date.now(), randomBytes(4)),
      now: () => Date.now(),
      log: () => undefined,
      stalledEveryMs: 200,
    });
    onTestFinished(() => engine.close());
    return engine;
  };
  const runner = (lease_ms = 60_000): JobRunner => {
    const token = randomBytes(8).toString("hex");
    return { token, host: "here", pid: process.pid, started: "1", place: "somewhere", lease_ms };
  };
  const open = async () => ({
    engine: await engineOf(),
    other: await engineOf(),
    runner: () => runner(),
    // One that claims and is never heard again, on whatever host: its lock expires.
    deadRunner: () => runner(300),
    tellerDies: (id: string) => redis.forget(tellingKey(id)),
  });

  engineContract(open);

  test("a job that nobody can read is named, and the others go on", async () => {
    const { engine } = await open();
    const [first, second] = [await engine.enqueue(request), await engine.enqueue(request)];
    const client = new Redis(redis.url);
    onTestFinished(() => client.disconnect());
    await client.hset(JOBS_KEY, first.task_id, "{");
    expect(await engine.list()).toMatchObject({
      jobs: [{ task_id: second.task_id }],
      damaged: [{ task_id: first.task_id, recovered: false }],
    });
    await expect(engine.read(first.task_id)).rejects.toThrow(first.task_id);
  });

  test("a job that was stored but never handed to BullMQ is found by whoever lists", async () => {
    const { engine } = await open();
    const { task_id } = await engine.enqueue(request);
    const client = new Redis(redis.url);
    onTestFinished(() => client.disconnect());
    const stored = (await client.hget(JOBS_KEY, task_id)) ?? "";
    await client.flushall();
    await client.hset(JOBS_KEY, task_id, stored);
    expect(await engine.claim(runner())).toBeUndefined();
    await engine.list();
    const job = await engine.claim(runner());
    expect(job).toMatchObject({ task_id });
    if (job) expect(await engine.finish(job, done)).toMatchObject({ ok: true });
  });

  test("workers are counted as soon as they ask for jobs", async () => {
    const { engine, other } = await open();
    expect(await engine.workers()).toBe(0);
    await other.claim(runner());
    await expect.poll(() => engine.workers(), { timeout: 30_000 }).toBe(1);
  });

  test("without Redis it says where it looked and what to do", async () => {
    const place = { newId: () => "", now: () => Date.now(), log: () => undefined };
    await expect(bullmqEngine({ ...place, url: "redis://user:secret@127.0.0.1:1" })).rejects.toMatchObject({
      kind: "unreachable",
      message: expect.stringMatching(/^Redis at redis:\/\/127\.0\.0\.1:1 cannot be used: .*ECONNREFUSED/),
      next: expect.stringContaining("jobs.redis"),
    });
  });
});
