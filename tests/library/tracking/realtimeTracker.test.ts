import { execa } from "execa";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RealtimeTracker } from "../../../src/library/tracking/realtimeTracker.ts";

const T0 = Date.UTC(2026, 0, 28, 15, 30);

beforeEach(() => void vi.useFakeTimers({ now: T0 }));
afterEach(() => void vi.useRealTimers());

const record = fc.record({
  provider: fc.constantFrom("claude", "openai", "gemini", "constructor", "__proto__"),
  agent: fc.constantFrom("explorer", "executor"),
  duration: fc.integer({ min: 0, max: 100_000 }),
  success: fc.boolean(),
  cacheHit: fc.boolean(),
  /** ms that go by before it. */
  pause: fc.integer({ min: 0, max: 5 * 60_000 }),
});

function countBy<T>(rows: readonly T[], keyOf: (row: T) => string): [string, number][] {
  return [...new Set(rows.map(keyOf))].sort().map((key) => [key, rows.filter((row) => keyOf(row) === key).length]);
}

const sorted = (counts: Record<string, number>) => Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1));

describe("the tracker", () => {
  it("tells what counting every event of the last hour tells", () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 60 }), (records) => {
        vi.setSystemTime(T0);
        const tracker = new RealtimeTracker({ capacity: 10 });
        const rows = records.map(({ pause, ...row }) => {
          vi.advanceTimersByTime(pause);
          tracker.recordRouting(row);
          return { ...row, at: Date.now() };
        });
        // The minute that is running and the 59 before it.
        const from = Math.floor(Date.now() / 60_000) * 60_000 - 59 * 60_000;
        const hour = rows.filter(({ at }) => at >= from);
        const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / (values.length || 1);
        const { period, routing, performance, cache } = tracker.getStats();
        expect([period, routing.total]).toEqual(["hour", hour.length]);
        expect(sorted(routing.byProvider)).toEqual(countBy(hour, ({ provider }) => provider));
        expect(sorted(routing.byAgent)).toEqual(countBy(hour, ({ agent }) => agent));
        expect(performance.avgLatency).toBeCloseTo(mean(hour.map(({ duration }) => duration)), 6);
        expect(performance.successRate).toBeCloseTo(mean(hour.map(({ success }) => (success ? 1 : 0))), 9);
        expect(cache.hitRate).toBeCloseTo(mean(hour.map(({ cacheHit }) => (cacheHit ? 1 : 0))), 9);
        expect(tracker.getRecentEvents(4).map(({ timestamp }) => timestamp)).toEqual(
          rows.slice(-4).map(({ at }) => at),
        );
        tracker.close();
      }),
    );
  });

  it("tells its listeners every interval, and nobody once it is closed", () => {
    const tracker = new RealtimeTracker({ emitInterval: 1_000 });
    const told = vi.fn();
    tracker.on("stats", told);
    tracker.recordRouting({
      provider: "openai",
      agent: "explorer",
      duration: 1250,
      success: true,
      cacheHit: false,
      tokenCount: { input: 150, output: 280 },
    });
    vi.advanceTimersByTime(2_500);
    expect(told.mock.calls).toEqual(
      [1, 2].map(() => [
        {
          period: "hour",
          routing: { total: 1, byProvider: { openai: 1 }, byAgent: { explorer: 1 } },
          performance: { avgLatency: 1250, successRate: 1 },
          cache: { hitRate: 0 },
        },
      ]),
    );
    tracker.close();
    vi.advanceTimersByTime(10_000);
    expect(told).toHaveBeenCalledTimes(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("keeps events of any kind as flat rows, in order, and counts those of routing", () => {
    const tracker = new RealtimeTracker({ capacity: 3 });
    tracker.recordEvent({ type: "note", text: "gone" });
    tracker.recordEvent({
      type: "routing",
      timestamp: T0,
      agent: "architect",
      provider: "opencode",
      responseTime: 245,
    });
    tracker.recordEvent({ type: "note", text: "kept" });
    tracker.recordRouting({ provider: "openai", agent: "explorer", duration: 7, tokenCount: { input: 1, output: 2 } });
    expect(tracker.getRecent(10)).toEqual([
      { type: "routing", timestamp: T0, agent: "architect", provider: "opencode", responseTime: 245 },
      { type: "note", text: "kept", timestamp: T0 },
      {
        ...{ type: "routing", timestamp: T0, provider: "openai", agent: "explorer", duration: 7 },
        ...{ success: true, cacheHit: false, tokenCount: { input: 1, output: 2 } },
      },
    ]);
    expect(tracker.getRecentEvents(1)).toHaveLength(1);
    expect(tracker.getStats().routing).toMatchObject({ total: 2, byProvider: { opencode: 1, openai: 1 } });
    tracker.close();
  });

  it("names the field that is no figure, and keeps nothing of it", () => {
    const tracker = new RealtimeTracker();
    expect(() => tracker.recordRouting({ provider: "openai", duration: Number.NaN })).toThrow("duration");
    expect(() => tracker.recordRouting({ provider: "", duration: 1 })).toThrow("provider");
    expect(() => tracker.recordRouting({ provider: "a", duration: 1, tokenCount: { input: -1 } })).toThrow("input");
    expect(tracker.getRecent()).toEqual([]);
    expect(() => new RealtimeTracker({ emitInterval: -1 })).toThrow("emitInterval");
    tracker.close();
  });

  it("keeps no process alive", async () => {
    vi.useRealTimers();
    const program = `import { RealtimeTracker } from ${JSON.stringify(new URL("../../../dist/index.js", import.meta.url).href)};
      new RealtimeTracker().on("stats", () => console.log("told"));`;
    const { stdout } = await execa(process.execPath, ["--input-type=module", "-e", program], { timeout: 60_000 });
    expect(stdout).toBe("");
  });
});
