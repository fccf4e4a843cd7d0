import type { Measurement } from "./measure.ts";

const round = (value: number): number => Number(value.toFixed(2));

/** Several measurements of one point as one; failures and preemptions are added up. Throws on none. */
export function mean(list: readonly Measurement[]): Measurement {
  const [first] = list;
  if (!first) throw new Error("nothing was measured");
  const of = (read: (one: Measurement) => number) => round(list.reduce((sum, one) => sum + read(one), 0) / list.length);
  const maybe = (read: (one: Measurement) => number | undefined) =>
    list.some((one) => read(one) === undefined) ? undefined : of((one) => read(one) ?? 0);
  return {
    requests: of((one) => one.requests),
    failed: list.reduce((sum, one) => sum + one.failed, 0),
    outputTokens: of((one) => one.outputTokens),
    durationMs: of((one) => one.durationMs),
    tokensPerSecond: of((one) => one.tokensPerSecond),
    ttftMs: { p50: of((one) => one.ttftMs.p50), p95: of((one) => one.ttftMs.p95) },
    itlMs: { p50: of((one) => one.itlMs.p50), p95: of((one) => one.itlMs.p95) },
    cachedShare: maybe((one) => one.cachedShare),
    preemptions: maybe((one) => one.preemptions),
  };
}

/** The two-sided 95 % points of Student's distribution for 1, 2, … degrees of freedom. */
const STUDENT = [12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26];

/** The 95 % interval of the mean of a value over repeated measurements; undefined with fewer than two. */
export function interval(values: readonly number[]): { low: number; high: number } | undefined {
  const n = values.length;
  if (n < 2) return undefined;
  const middle = values.reduce((sum, value) => sum + value, 0) / n;
  const variance = values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (n - 1);
  const half = (STUDENT[n - 2] ?? 2) * Math.sqrt(variance / n);
  return { low: round(middle - half), high: round(middle + half) };
}
