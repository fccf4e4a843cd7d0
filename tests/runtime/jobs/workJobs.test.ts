import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { localEngine } from "../../../src/adapters/jobs/localEngine.ts";
import { identityOf, processPlace } from "../../../src/adapters/processIdentity.ts";
import type { EndedJob } from "../../../src/core/jobs/record.ts";
import { taskIdOf } from "../../../src/core/jobs/taskId.ts";
import { type JobEngine, JobStoreError } from "../../../src/ports/jobEngine.ts";
import type { ExecuteJob } from "../../../src/ports/jobWork.ts";
import { workJobs } from "../../../src/runtime/jobs/workJobs.ts";
import { done, request } from "../../core/jobs/scenario.ts";

function world(execute: ExecuteJob, lease_ms = 15_000) {
  const root = mkdtempSync(join(tmpdir(), "omq-runner-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const engine = localEngine({ root, newId: () => taskIdOf(Date.now(), randomBytes(4)), now: () => Date.now() });
  const told: EndedJob[] = [];
  const notes: string[] = [];
  const work = (until: "idle" | "stopped", signal = new AbortController().signal, with_: Partial<JobEngine> = {}) =>
    workJobs(
      {
        engine: { ...engine, ...with_ },
        execute,
        watchChanges: async () => undefined,
        onEnd: async (job) => void told.push(job),
        log: (message) => notes.push(message),
      },
      {
        runner: { ...identityOf(process.pid), host: "here", place: processPlace(), lease_ms },
        newToken: () => randomBytes(8).toString("hex"),
        until,
        places: 2,
        signal,
      },
    );
  return { engine, told, notes, work };
}

const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });

test("all that waits is done, its end told, its log and notes written", async () => {
  const { engine, told, work } = world(async (job, { log, note }) => {
    note({ provider: "local", model: "m" });
    log(`works on ${job.task_id}\n`);
    return { ...done, result: `did ${job.task_id}` };
  });
  const ids: string[] = [];
  for (let index = 0; index < 5; index += 1) ids.push((await engine.enqueue(request)).task_id);
  expect(await work("idle")).toBe(5);
  expect(told.map(({ task_id }) => task_id).sort()).toEqual([...ids].sort());
  for (const id of ids) {
    expect(await engine.read(id)).toMatchObject({ status: "completed", result: `did ${id}`, attempt: 1 });
    expect((await engine.readLog(id, 0)).text).toBe(`works on ${id}\n`);
  }
});

test("work that throws is a failed job, and the next one is done", async () => {
  const { engine, work, notes } = world(async (job) => {
    if (job.prompt === "break") throw new Error("it broke here");
    return done;
  });
  const { task_id } = await engine.enqueue({ ...request, prompt: "break" });
  const next = await engine.enqueue(request);
  await work("idle");
  expect(await engine.read(task_id)).toMatchObject({ status: "failed", error: { message: "it broke here" } });
  expect(await engine.read(next.task_id)).toMatchObject({ status: "completed" });
  expect(notes).toEqual([`${task_id} broke`]);
});

test("a job that is cancelled is ended and says so", async () => {
  const { engine, told, work } = world(async (job, { signal }) => {
    await engine.cancel(job.task_id);
    await untilAborted(signal);
    return { ...done, status: "failed", exit_code: 130, error: { kind: "cancelled", message: "stopped" } };
  });
  const { task_id } = await engine.enqueue(request);
  await work("idle");
  expect(await engine.read(task_id)).toMatchObject({ status: "cancelled", exit_code: 130 });
  expect(told).toHaveLength(1);
});

test("a runner that is told to end gives its job back; another begins it anew", async () => {
  const stop = new AbortController();
  const { engine, told, work } = world(async (job, { signal }) => {
    if (job.attempt === 1 && !stop.signal.aborted) {
      stop.abort();
      await untilAborted(signal);
      return { ...done, status: "cancelled", exit_code: 130 };
    }
    return done;
  });
  const { task_id } = await engine.enqueue(request);
  await work("stopped", stop.signal);
  expect(await engine.read(task_id)).toMatchObject({ status: "queued", attempt: 0 });
  expect(told).toEqual([]);
  await work("idle");
  expect(await engine.read(task_id)).toMatchObject({ status: "completed", attempt: 1 });
});

test("a runner whose claim was lost ends its work and tells no end", async () => {
  let runs = 0;
  const { engine, told, notes, work } = world(async (job, { signal }) => {
    runs += 1;
    const result = `run ${runs}`;
    if (runs > 1) return { ...done, result };
    // As if this process had been taken for dead; its own other place is the runner that takes the job.
    await engine.release(job);
    await untilAborted(signal);
    return { ...done, result };
  });
  const { task_id } = await engine.enqueue(request);
  await work("idle");
  expect(notes).toEqual([`${task_id} is another runner's by now; what came of it here is let go`]);
  expect(told).toMatchObject([{ status: "completed", result: "run 2" }]);
});

test("an end that cannot be written is written as soon as it can be; what the log lost is counted", async () => {
  const { engine, told, notes, work } = world(async (_, { log }) => {
    log("0123456789");
    return done;
  });
  const { task_id } = await engine.enqueue(request);
  const full = new JobStoreError("unwritable", { place: "/jobs" }, "no space left on device", "Make room.");
  let tries = 0;
  await work("idle", undefined, {
    appendLog: () => Promise.reject(full),
    finish: (job, end) => {
      tries += 1;
      return tries < 3 ? Promise.reject(full) : engine.finish(job, end);
    },
  });
  expect(tries).toBe(3);
  expect(told).toMatchObject([{ task_id, status: "completed", result: "done", log_lost: 10 }]);
  expect(notes.join("\n")).toContain("10 characters of its log are lost: no space left on device");
});
