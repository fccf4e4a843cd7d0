import { expect, test } from "vitest";
import { estimateJob, type PastJob, pastJobs } from "../../../src/core/jobs/estimate.ts";
import { placementOf } from "../../../src/core/jobs/placement.ts";
import { claimJob, finishJob, queuedJob } from "../../../src/core/jobs/transitions.ts";
import { at, broke, done, request, runner } from "./scenario.ts";

const LIMITS = { foregroundBelowMs: 10_000, backgroundAboveMs: 60_000 };
const tests = (...durations: number[]): PastJob[] =>
  durations.map((duration_ms) => ({ kind: "test", agent: null, duration_ms }));

test("median and p90 of past jobs of the kind", () => {
  const past = [...tests(5_000, 1_000, 2_000, 4_000, 3_000, 6_000, 10_000, 8_000, 7_000, 9_000)];
  const other: PastJob = { kind: "review", agent: null, duration_ms: 999_999 };
  expect(estimateJob({ description: "Write tests for the parser" }, [...past, other])).toEqual({
    median_ms: 5_000,
    p90_ms: 9_000,
    samples: 10,
    from: "history",
  });
});

test("jobs of the same agent count before others of the kind", () => {
  const past = [
    ...tests(1_000, 1_000, 1_000),
    ...tests(90_000, 90_000, 90_000).map((job) => ({ ...job, agent: "qa" })),
  ];
  expect(estimateJob({ type: "test", agent: "qa" }, past).median_ms).toBe(90_000);
  expect(estimateJob({ type: "test" }, past).median_ms).toBe(1_000);
  expect(estimateJob({ type: "test", agent: "other" }, past).samples).toBe(6);
});

test("two past jobs say too little: the size counts", () => {
  const small = estimateJob({ description: "fix a typo" }, tests(1, 1));
  const large = estimateJob({ description: "Add docstrings to all files of the whole project" }, []);
  expect(small.from).toBe("size");
  expect(large.median_ms).toBeGreaterThan(small.median_ms);
  expect(large.p90_ms).toBeGreaterThan(large.median_ms);
});

test("only this project's completed jobs teach", () => {
  const run = (project: string, end: typeof done) => {
    const claimed = claimJob(
      queuedJob({ ...request, project }, "task-20260122-103000-ab12", at(0)),
      runner("a"),
      at(1),
    );
    if (!claimed.ok) throw new Error(claimed.refusal);
    const ended = finishJob(claimed.job, "a", end, at(5));
    if (!ended.ok) throw new Error(ended.refusal);
    return ended.job;
  };
  const jobs = [run("/a", done), run("/b", done), run("/a", broke)];
  expect(pastJobs(jobs, "/a")).toEqual([{ kind: "implementation", agent: null, duration_ms: 4_000 }]);
});

test("short jobs wait, long ones do not, between them the person says", () => {
  const estimate = (median_ms: number) => ({ median_ms, p90_ms: median_ms, samples: 3, from: "history" as const });
  expect([9_999, 10_000, 60_000, 60_001].map((ms) => placementOf(estimate(ms), LIMITS))).toEqual([
    "foreground",
    "offer",
    "offer",
    "background",
  ]);
});
