import fc from "fast-check";
import { expect, test } from "vitest";
import { isEnded, type JobRecord, jobRecordSchema, type RunningJob } from "../../../src/core/jobs/record.ts";
import { TASK_ID, taskIdOf } from "../../../src/core/jobs/taskId.ts";
import {
  cancelJob,
  claimJob,
  finishJob,
  type JobStep,
  loseRunner,
  noteJob,
  queuedJob,
  retryRequest,
} from "../../../src/core/jobs/transitions.ts";
import { at, broke, done, request, runner } from "./scenario.ts";

const ID = "task-20260122-103000-ab12";

function must<T extends JobRecord>(step: JobStep<T>): T {
  if (!step.ok) throw new Error(step.refusal);
  // What a step gives is what may stand in job.json.
  expect(jobRecordSchema.parse(JSON.parse(JSON.stringify(step.job)))).toEqual(step.job);
  return step.job;
}
const queued = () => queuedJob(request, ID, at(0));
const running = () => must(claimJob(queued(), runner("a"), at(1)));

test("an id says when it was asked for", () => {
  const id = taskIdOf(Date.UTC(2026, 0, 22, 10, 30, 0), Uint8Array.of(0, 35, 36, 255));
  expect(id).toBe("task-20260122-103000-0z03");
  expect(id).toMatch(TASK_ID);
});

test("a job is claimed once, and finished by who claimed it", () => {
  const job = running();
  expect(job).toMatchObject({ status: "running", attempt: 1, started_at: at(1), completed_at: null });
  expect(claimJob(job, runner("b"), at(2))).toEqual({ ok: false, refusal: "not-queued" });
  expect(finishJob(job, "b", done, at(2))).toEqual({ ok: false, refusal: "not-yours" });
  const noted = must(noteJob(job, "a", { provider: "claude", session: "s" }));
  expect(noted).toMatchObject({ provider: "claude", model: null, session: "s" });
  const end = must(finishJob(noted, "a", done, at(3)));
  expect(end).toMatchObject({ status: "completed", exit_code: 0, completed_at: at(3), runner: null, result: "done" });
  expect(finishJob(end, "a", done, at(4))).toEqual({ ok: false, refusal: "not-yours" });
});

test("a failed run has its error, also where nobody said one", () => {
  expect(must(finishJob(running(), "a", broke, at(2)))).toMatchObject({ status: "failed", error: { kind: "auth" } });
  const silent = must(finishJob(running(), "a", { ...broke, error: null }, at(2)));
  expect(silent).toMatchObject({ status: "failed", error: { kind: "unknown" } });
});

test("a job whose runner died waits again, and fails after as many as it may have", () => {
  let job: JobRecord = queued();
  const claim = (present: JobRecord, token: string) => must(claimJob(present, runner(token), at(1)));
  for (const token of ["a", "b", "c"]) {
    const claimed: RunningJob = claim(job, token);
    job = must(loseRunner(claimed, token, at(2)));
    // The one that was taken for dead comes too late.
    expect(finishJob(job, token, done, at(3)).ok).toBe(false);
  }
  expect(job).toMatchObject({ status: "failed", exit_code: 137, attempt: 3, error: { kind: "lost" } });
  expect(job.lost).toHaveLength(3);
});

test("cancelled: at once where it waits, by its runner where it runs, not at all where it ended", () => {
  expect(must(cancelJob(queued(), at(1)))).toMatchObject({ status: "cancelled", started_at: null, exit_code: 130 });
  const asked = must(cancelJob(running(), at(2)));
  expect(asked).toMatchObject({ status: "running", cancel_requested_at: at(2) });
  if (asked.status !== "running") throw new Error(asked.status);
  expect(must(cancelJob(asked, at(3)))).toMatchObject({ cancel_requested_at: at(2) });
  // Its runner tells a failure, since it was killed; nobody tells anything where it died.
  const ended = must(finishJob(asked, "a", broke, at(4)));
  expect(ended).toMatchObject({ status: "cancelled", exit_code: 130, error: null });
  expect(must(loseRunner(asked, "a", at(4)))).toMatchObject({ status: "cancelled" });
  expect(must(finishJob(asked, "a", done, at(4)))).toMatchObject({ status: "completed" });
  expect(cancelJob(ended, at(5))).toEqual({ ok: false, refusal: "ended" });
});

test("another try is a new job that names the old one", () => {
  expect(retryRequest(running())).toEqual({ ok: false, refusal: "unended" });
  const end = must(finishJob(running(), "a", broke, at(2)));
  expect(retryRequest(end)).toEqual({ ok: true, request: { ...request, retry_of: ID } });
});

test("whatever happens in whatever order: one end, and never more runs than allowed", () => {
  const step = fc.record({ what: fc.constantFrom("claim", "finish", "fail", "lose", "cancel"), who: fc.nat(3) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      let job: JobRecord = queued();
      let ends = 0;
      for (const [index, { what, who }] of steps.entries()) {
        const token = `t${who}`;
        const before = isEnded(job);
        const result = {
          claim: () => claimJob(job, runner(token), at(index)),
          finish: () => finishJob(job, token, done, at(index)),
          fail: () => finishJob(job, token, broke, at(index)),
          lose: () => loseRunner(job, token, at(index)),
          cancel: () => cancelJob(job, at(index)),
        }[what]?.();
        if (!result?.ok) continue;
        job = jobRecordSchema.parse(result.job);
        if (!before && isEnded(job)) ends += 1;
        expect(before).toBe(false);
      }
      expect(ends).toBeLessThanOrEqual(1);
      expect(job.attempt).toBeLessThanOrEqual(request.max_attempts);
    }),
  );
});
