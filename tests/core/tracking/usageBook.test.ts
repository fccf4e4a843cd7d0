import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TimeBucket } from "../../../src/core/tracking/timeBucket.ts";
import { PERIODS, type Period, UsageBook, usageBookSchema } from "../../../src/core/tracking/usageBook.ts";
import type { UsageRow } from "../../../src/core/tracking/usageRow.ts";

const LENGTH: Record<Period, { ms: number; buckets: number }> = {
  minute: { ms: 60_000, buckets: 1 },
  hour: { ms: 60_000, buckets: 60 },
  day: { ms: 3_600_000, buckets: 24 },
  month: { ms: 86_400_000, buckets: 30 },
};
const T0 = Date.UTC(2026, 10, 21, 13, 37, 11);

const rows = fc.array(
  fc.record<UsageRow>({
    at: fc.integer({ min: T0 - 40 * 86_400_000, max: T0 }),
    provider: fc.constantFrom("local", "claude", "openai"),
    agent: fc.constantFrom("worker", "scout"),
    duration: fc.integer({ min: 0, max: 900_000 }),
    success: fc.boolean(),
    cut: fc.boolean(),
    cacheHit: fc.boolean(),
    input: fc.integer({ min: 0, max: 100_000 }),
    output: fc.integer({ min: 0, max: 10_000 }),
  }),
  { maxLength: 60 },
);

/** The same by going through every row. */
function counted(all: readonly UsageRow[], period: Period) {
  const { ms, buckets } = LENGTH[period];
  const first = Math.floor(T0 / ms) * ms - (buckets - 1) * ms;
  const within = all.filter(({ at }) => at >= first);
  const keys = [...new Set(within.map(({ provider, agent }) => `${provider} ${agent}`))].sort();
  return keys.map((key) => {
    const own = within.filter(({ provider, agent }) => `${provider} ${agent}` === key);
    const sum = (of: (row: UsageRow) => number) => own.reduce((total, row) => total + of(row), 0);
    return {
      key,
      requests: own.length,
      errors: sum(({ success, cut }) => (success || cut ? 0 : 1)),
      cut: sum(({ cut }) => (cut ? 1 : 0)),
      cacheHits: sum(({ cacheHit }) => (cacheHit ? 1 : 0)),
      input: sum(({ input }) => input),
      output: sum(({ output }) => output),
      duration: sum(({ duration }) => duration),
    };
  });
}

function told(book: UsageBook, period: Period) {
  return book
    .total(period, T0)
    .map(({ provider, agent, latencies, ...cell }) => {
      expect(latencies.reduce((sum, [, times]) => sum + times, 0)).toBe(cell.requests);
      return { key: `${provider} ${agent}`, ...cell };
    })
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

describe("the usage book", () => {
  it("says what counting every row says, in whatever order they come", () => {
    fc.assert(
      fc.property(rows, (all) => {
        const book = new UsageBook();
        for (const row of all) book.record(row);
        for (const period of PERIODS) expect(told(book, period)).toEqual(counted(all, period));
      }),
    );
  });

  it("is the same after it was written and read, and goes on from there", () => {
    fc.assert(
      fc.property(rows, rows, (before, after) => {
        const whole = new UsageBook();
        for (const row of [...before, ...after]) whole.record(row);
        const first = new UsageBook();
        for (const row of before) first.record(row);
        const second = new UsageBook(usageBookSchema.parse(JSON.parse(JSON.stringify(first))));
        for (const row of after) second.record(row);
        for (const period of PERIODS) expect(told(second, period)).toEqual(told(whole, period));
      }),
    );
  });

  it("keeps 60 minutes, 24 hours and 30 days, however long it runs", () => {
    const book = new UsageBook();
    const row = {
      provider: "local",
      agent: "worker",
      duration: 5,
      success: true,
      cacheHit: false,
      input: 1,
      output: 1,
    };
    for (let minute = 0; minute < 60 * 24 * 40; minute += 7) book.record({ ...row, at: T0 + minute * 60_000 });
    const { minute, hour, day } = book.toJSON();
    expect([minute.length <= 60, hour.length, day.length]).toEqual([true, 24, 30]);
  });
});

it("keeps latencies below a second exactly, and longer ones within half a percent", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10_000_000 }), (duration) => {
      const bucket = new TimeBucket(0);
      const row = { provider: "a", agent: "b", success: true, cacheHit: false, input: 0, output: 0 };
      bucket.record({ ...row, duration });
      const kept = bucket.cells[0]?.latencies[0]?.[0] ?? Number.NaN;
      expect(Math.abs(kept - duration)).toBeLessThanOrEqual(duration < 1000 ? 0 : duration * 0.00501);
    }),
  );
});
