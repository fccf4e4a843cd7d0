import { expect, test, vi } from "vitest";
import type { JobRunner } from "../../../src/core/jobs/record.ts";
import type { JobEngine } from "../../../src/ports/jobEngine.ts";
import { broke, done, request } from "../../core/jobs/scenario.ts";

/** An engine of the test's own, and how a runner of it dies. */
export interface EngineWorld {
  engine: JobEngine;
  /** Another process's view of the same store. */
  other: JobEngine;
  runner(): JobRunner;
  /** Makes a runner whose process is gone. */
  deadRunner(): JobRunner;
  /** Whoever had to tell of this job's end is seen to be gone. */
  tellerDies(id: string): Promise<void>;
}

const SETTLED = { timeout: 60_000, interval: 20 };

/** What every engine keeps; the two suites differ in nothing but the store. */
export function engineContract(open: () => Promise<EngineWorld>): void {
  test("a job is stored, claimed once, noted, finished, and read by others", async () => {
    const { engine, other, runner } = await open();
    const queued = await engine.enqueue({ ...request, asked_by: { via: "opencode", session: "ses_me" } });
    expect(await other.read(queued.task_id)).toEqual(queued);
    expect(engine.placeOf(queued.task_id)).toContain(queued.task_id);

    const mine = runner();
    const [job, nothing] = [await engine.claim(mine), await other.claim(runner())];
    expect(nothing).toBeUndefined();
    expect(job).toMatchObject({ task_id: queued.task_id, status: "running", attempt: 1, runner: { pid: mine.pid } });
    if (!job) throw new Error("nothing was claimed");
    expect(await engine.heartbeat(job)).toBe("held");
    await engine.note(job, { provider: "local", model: "qwen" });
    expect(await other.read(job.task_id)).toMatchObject({ status: "running", provider: "local", model: "qwen" });

    const ended = await engine.finish(job, done);
    expect(ended).toMatchObject({
      ok: true,
      job: { status: "completed", result: "done", exit_code: 0, session: "ses_1" },
    });
    expect(await other.read(job.task_id)).toEqual(ended?.ok && ended.job);
    // Nothing twice.
    expect(await engine.finish(job, broke)).toEqual({ ok: false, refusal: "not-yours" });
    expect(await engine.heartbeat(job)).toBe("lost");
    expect(await engine.claim(runner())).toBeUndefined();
  });

  test("a failed run is a failed job with its error", async () => {
    const { engine, runner } = await open();
    const { task_id } = await engine.enqueue(request);
    const job = await engine.claim(runner());
    if (!job) throw new Error("nothing was claimed");
    await engine.finish(job, broke);
    expect(await engine.read(task_id)).toMatchObject({
      status: "failed",
      exit_code: 1,
      error: { kind: "auth", message: "401" },
    });
  });

  test("the oldest job first, each to one of many claimers", async () => {
    const { engine, other, runner } = await open();
    const ids: string[] = [];
    for (let index = 0; index < 12; index += 1) ids.push((await engine.enqueue(request)).task_id);
    expect((await engine.claim(runner()))?.task_id).toBe(ids[0]);
    const rest = await Promise.all(ids.map((_, index) => (index % 2 ? engine : other).claim(runner())));
    const claimed = rest.flatMap((job) => (job ? [job.task_id] : []));
    expect([...claimed].sort()).toEqual(ids.slice(1).sort());
    const { jobs, damaged } = await other.list();
    expect(jobs.map(({ task_id, status }) => [task_id, status])).toEqual(ids.map((id) => [id, "running"]));
    expect(damaged).toEqual([]);
  });

  test("a job that waits is cancelled at once and never runs", async () => {
    const { engine, other, runner } = await open();
    const { task_id } = await engine.enqueue(request);
    expect(await other.cancel(task_id)).toMatchObject({ ok: true, job: { status: "cancelled", exit_code: 130 } });
    expect(await engine.claim(runner())).toBeUndefined();
    expect(await engine.read(task_id)).toMatchObject({ status: "cancelled", started_at: null });
    expect(await engine.cancel(task_id)).toEqual({ ok: false, refusal: "ended" });
  });

  test("a runner hears of a cancellation with its next heartbeat", async () => {
    const { engine, other, runner } = await open();
    await engine.enqueue(request);
    const job = await engine.claim(runner());
    if (!job) throw new Error("nothing was claimed");
    expect(await other.cancel(job.task_id)).toMatchObject({ ok: true, job: { status: "running" } });
    expect(await engine.heartbeat(job)).toBe("cancel");
    expect(await engine.finish(job, broke)).toMatchObject({ ok: true, job: { status: "cancelled", error: null } });
    expect(await other.read(job.task_id)).toMatchObject({ status: "cancelled", exit_code: 130 });
  });

  test("the job of a runner that died is another's; what the first tells later counts for nothing", async () => {
    const { engine, other, runner, deadRunner } = await open();
    const { task_id } = await engine.enqueue(request);
    const first = await engine.claim(deadRunner());
    if (!first) throw new Error("nothing was claimed");
    const swept = async () => {
      await other.sweep();
      return (await other.read(task_id))?.status;
    };
    await expect.poll(swept, SETTLED).toBe("queued");
    const second = await vi.waitUntil(() => other.claim(runner()), SETTLED);
    expect(second).toMatchObject({ task_id, attempt: 2 });
    expect(await engine.finish(first, done)).toEqual({ ok: false, refusal: "not-yours" });
    expect(await engine.heartbeat(first)).toBe("lost");
    expect(await other.finish(second, { ...done, result: "the second" })).toMatchObject({ ok: true });
    expect(await engine.read(task_id)).toMatchObject({ status: "completed", result: "the second", attempt: 2 });
  });

  test("a job on which every runner dies has failed, and is told of once", async () => {
    const { engine, other, deadRunner } = await open();
    const { task_id } = await engine.enqueue({ ...request, max_attempts: 2 });
    const ended: string[] = [];
    for (const _ of [1, 2]) {
      await expect.poll(async () => (await engine.claim(deadRunner()))?.task_id, SETTLED).toBe(task_id);
      await expect
        .poll(async () => {
          for (const each of [engine, other]) ended.push(...(await each.sweep()).ended.map((job) => job.task_id));
          return (await other.read(task_id))?.status;
        }, SETTLED)
        .not.toBe("running");
    }
    await expect
      .poll(async () => {
        for (const each of [engine, other]) ended.push(...(await each.sweep()).ended.map((job) => job.task_id));
        return (await other.read(task_id))?.status;
      }, SETTLED)
      .toBe("failed");
    expect(await other.read(task_id)).toMatchObject({ error: { kind: "lost" }, exit_code: 137 });
    expect(ended).toEqual([task_id]);
  });

  test("the end of a job is another's to tell once its teller died, and nobody's once it was told", async () => {
    const { engine, other, runner, deadRunner, tellerDies } = await open();
    const endBy = async (who: JobRunner) => {
      await engine.enqueue(request);
      const job = await engine.claim(who);
      if (!job) throw new Error("nothing was claimed");
      expect(await engine.finish(job, done)).toMatchObject({ ok: true });
      return job.task_id;
    };
    const untold = async () => (await other.sweep()).ended.map(({ task_id }) => task_id);

    const told = await endBy(runner());
    // Whoever wrote the end is telling.
    expect(await untold()).toEqual([]);
    await engine.told(told);
    await tellerDies(told);
    expect(await untold()).toEqual([]);

    const lost = await endBy(deadRunner());
    await tellerDies(lost);
    const found = await Promise.all([untold(), untold()]);
    // One of those who look tells.
    expect(found.flat()).toEqual([lost]);
    expect(await untold()).toEqual([]);
    await other.told(lost);
    await tellerDies(lost);
    expect([await untold(), (await engine.sweep()).ended]).toEqual([[], []]);

    const { task_id: cancelled } = await engine.enqueue(request);
    await engine.cancel(cancelled);
    expect(await untold()).toEqual([]);
    await engine.told(cancelled);
    expect(await engine.cancel(cancelled)).toEqual({ ok: false, refusal: "ended" });
    await tellerDies(cancelled);
    expect(await untold()).toEqual([]);
  });

  test("a job that its runner gives back waits again, and that counts as no run", async () => {
    const { engine, other, runner } = await open();
    const { task_id } = await engine.enqueue({ ...request, max_attempts: 1 });
    const job = await engine.claim(runner());
    if (!job) throw new Error("nothing was claimed");
    expect(await engine.release(job)).toMatchObject({ ok: true, job: { status: "queued", attempt: 0 } });
    expect(await engine.heartbeat(job)).toBe("lost");
    expect(await other.claim(runner())).toMatchObject({ task_id, attempt: 1, started_at: expect.any(String) });
  });

  test("a log is read from any place on, in whole characters", async () => {
    const { engine, other } = await open();
    const { task_id } = await engine.enqueue(request);
    expect(await other.readLog(task_id, 0)).toEqual({ text: "", next: 0 });
    await engine.appendLog(task_id, "첫째\n");
    const first = await other.readLog(task_id, 0);
    expect(first.text).toBe("첫째\n");
    await engine.appendLog(task_id, "second\n");
    expect((await other.readLog(task_id, first.next)).text).toBe("second\n");
  });

  test("whoever waits hears of a new job and of a line in a log", async () => {
    const { engine, other } = await open();
    const { signal } = new AbortController();
    const change = other.changed(signal);
    const { task_id } = await engine.enqueue(request);
    await change;
    const line = other.changed(signal, task_id);
    await engine.appendLog(task_id, "one\n");
    await line;
    expect((await other.readLog(task_id, 0)).text).toBe("one\n");
    const abort = new AbortController();
    const aborted = other.changed(abort.signal);
    abort.abort();
    await aborted;
  });

  test("ended jobs are forgotten, others never", async () => {
    const { engine, runner } = await open();
    const [first, second] = [await engine.enqueue(request), await engine.enqueue(request)];
    const job = await engine.claim(runner());
    if (!job) throw new Error("nothing was claimed");
    await engine.finish(job, done);
    const before = new Date(Date.now() + 60_000);
    expect(await engine.prune({ before: new Date(0), statuses: ["completed"] })).toEqual([]);
    expect(await engine.prune({ before, statuses: ["failed"] })).toEqual([]);
    expect(await engine.prune({ before, statuses: ["completed", "queued"] })).toEqual([first.task_id]);
    expect((await engine.list()).jobs.map(({ task_id }) => task_id)).toEqual([second.task_id]);
    expect(await engine.read(first.task_id)).toBeUndefined();
  });

  test("an id nobody knows, and words that are no id", async () => {
    const { engine } = await open();
    expect(await engine.read("task-20260122-103000-zzzz")).toBeUndefined();
    expect(await engine.cancel("task-20260122-103000-zzzz")).toBeUndefined();
    await expect(engine.read("../../etc/passwd")).rejects.toThrow("no task id");
  });
}
