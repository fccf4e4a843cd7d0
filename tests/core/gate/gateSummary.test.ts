import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { recordGaps } from "../../../src/core/gate/gaps.ts";
import { summariseGate } from "../../../src/core/gate/gateSummary.ts";
import { percentiles } from "../../../src/core/gate/percentiles.ts";
import { usageOf } from "../../../src/core/gate/tokenUsage.ts";

const T0 = Date.UTC(2026, 0, 1);
const line = (type: string, more: object = {}, role = "worker", minute = 0) => ({
  at: new Date(T0 + minute * 60_000).toISOString(),
  session: "s",
  role,
  provider: "aegis",
  type,
  ...more,
});
const answered = (firstByteMs: number, more: object = {}, role = "worker", minute = 0) =>
  line("answered", { firstByteMs, totalMs: firstByteMs, status: 200, gaps: [], ...more }, role, minute);

describe("gaps between the pieces of an answer", () => {
  it("are counted by length", () => {
    const gaps = recordGaps();
    for (const at of [0, 20, 40, 63.4, 1_300.4]) gaps.came(at);
    expect(gaps.counts()).toEqual([
      [20, 2],
      [23, 1],
      [1200, 1],
    ]);
    expect(recordGaps().counts()).toEqual([]);
  });

  it("take bounded memory, lose none, and are off by less than a twentieth", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 600_000, noNaN: true }), { maxLength: 3_000 }), (lengths) => {
        const gaps = recordGaps();
        let now = 0;
        gaps.came(now);
        for (const length of lengths) {
          now += length;
          gaps.came(now);
        }
        const counts = gaps.counts();
        expect(counts.length).toBeLessThan(500);
        expect(counts.reduce((sum, [, times]) => sum + times, 0)).toBe(lengths.length);
        const longest = Math.max(0, ...lengths);
        expect(Math.abs((counts.at(-1)?.[0] ?? 0) - longest)).toBeLessThanOrEqual(0.5 + longest / 20);
      }),
      { numRuns: 50 },
    );
  });
});

describe("percentiles", () => {
  it("are those of the sorted list, each a value that was there", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 300 }), (values) => {
        const counts = new Map<number, number>();
        for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
        const sorted = values.toSorted((a, b) => a - b);
        const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1];
        expect(percentiles(counts)).toEqual({ p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) });
      }),
    );
    expect(percentiles(new Map())).toBeUndefined();
  });
});

describe("the tokens a server counted", () => {
  it("are read with and without the cache's share, and not from anything else", () => {
    expect(usageOf({ prompt_tokens: 10, completion_tokens: 2 })).toEqual({ prompt: 10, output: 2 });
    expect(usageOf({ prompt_tokens: 10, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 8 } })).toEqual({
      prompt: 10,
      cached: 8,
      output: 2,
    });
    for (const none of [undefined, null, {}, { prompt_tokens: 1 }, { prompt_tokens: "1", completion_tokens: 1 }])
      expect(usageOf(none as never)).toBeUndefined();
  });
});

describe("the gate's log, folded", () => {
  it("counts by role and by provider", () => {
    const tokens = { prompt: 100, cached: 80, output: 10 };
    const summary = summariseGate([
      answered(200, { finish: "tool_calls", tokens, gaps: [[20, 3]], queueMs: 40 }),
      answered(400, { finish: "stop", tokens: { prompt: 50, output: 5 }, gaps: [[30, 1]] }),
      answered(50, {}, "commander"),
      line("retry", { attempt: 1, failure: "overload", waitMs: 5 }),
      line("spared", { reportedAt: T0 }),
      line("failed", { attempts: 4, failure: "overload", detail: "x" }),
      line("refused", { host: "h", rule: "r" }, "scout"),
      line("runaway", { kind: "noEnd" }),
      line("repaired", { report: { counts: { alias: 2, noEnd: 1 } }, history: 1 }),
      line("repaired", { report: { counts: { alias: 1 } }, history: 0 }, "commander"),
    ]);
    expect(summary.all.repairs).toEqual({ alias: 3, noEnd: 1, historyArguments: 1 });
    expect(Object.keys(summary.byRole)).toEqual(["commander", "scout", "worker"]);
    expect(summary.byRole.worker).toEqual({
      answered: 2,
      spared: 1,
      failed: 1,
      retries: 1,
      refused: 0,
      runaways: 1,
      repairs: { alias: 2, noEnd: 1, historyArguments: 1 },
      finish: { tool_calls: 1, stop: 1 },
      tokens: { prompt: 150, cached: 80, output: 15, counted: 2 },
      queueMs: { p50: 40, p95: 40, p99: 40, max: 40 },
      firstTokenMs: { p50: 200, p95: 400, p99: 400, max: 400 },
      interTokenMs: { p50: 20, p95: 30, p99: 30, max: 30 },
    });
    expect(summary.byRole.commander?.queueMs).toBeUndefined();
    expect(summary.byProvider.aegis).toEqual(summary.all);
  });

  it("begins where it is told to, and leaves out what it does not know", () => {
    const lines = [
      answered(1, {}, "worker", 0),
      answered(2, {}, "worker", 5),
      null,
      "x",
      line("of a later version"),
      { type: "answered" },
    ];
    expect(summariseGate(lines, T0 + 60_000).all).toMatchObject({ answered: 1, firstTokenMs: { p50: 2 } });
    expect(summariseGate([]).byRole).toEqual({});
  });

  it("takes percentiles over the last thousand answers, and counts them all", () => {
    const lines = Array.from({ length: 2_500 }, (_, at) => answered(at));
    const { all } = summariseGate(lines);
    expect(all.answered).toBe(2_500);
    expect(all.firstTokenMs).toEqual({ p50: 1_999, p95: 2_449, p99: 2_489, max: 2_499 });
  });
});
