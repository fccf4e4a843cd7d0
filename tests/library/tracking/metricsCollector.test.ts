import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { MetricsCollector } from "../../../src/library/tracking/metricsCollector.ts";

const T0 = Date.UTC(2026, 0, 28, 15, 30, 20);

function home(): string {
  const dir = mkdtempSync(join(tmpdir(), "omq-collector-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

const records = fc.array(
  fc.record({
    provider: fc.constantFrom("claude", "openai", "gemini"),
    agent: fc.constantFrom("explorer", "executor"),
    duration: fc.integer({ min: 0, max: 900 }),
    success: fc.boolean(),
    cacheHit: fc.boolean(),
    tokenCount: fc.record({ input: fc.nat(10_000), output: fc.nat(10_000) }),
    timestamp: fc.integer({ min: T0 - 3 * 3_600_000, max: T0 }),
  }),
  { maxLength: 80 },
);
const PRICES = { claude: [5, 25], openai: [1.75, 14], gemini: [0.5, 3] } as const;

describe("the collector", () => {
  beforeEach(() => void vi.useFakeTimers({ now: T0 }));
  afterEach(() => void vi.useRealTimers());

  it("says of the last hour what going through every record says, percentiles too", () => {
    fc.assert(
      fc.property(records, (all) => {
        const collector = new MetricsCollector();
        for (const record of all) collector.recordRouting(record);
        const from = Math.floor(T0 / 60_000) * 60_000 - 59 * 60_000;
        const hour = all.filter(({ timestamp }) => timestamp >= from);
        const metrics = collector.getMetrics("hour");
        expect(metrics.routingCounts.total).toBe(hour.length);
        const names = [...new Set(hour.map(({ provider }) => provider))].sort();
        expect(Object.keys(metrics.avgLatencies)).toEqual(names);
        let cost = 0;
        for (const name of names) {
          const own = hour.filter(({ provider }) => provider === name);
          const [input, output] = PRICES[name];
          const price = own.reduce((sum, { tokenCount: t }) => sum + (t.input * input + t.output * output) / 1e6, 0);
          cost += price;
          expect(metrics.routingCounts[name]).toBe(own.length);
          expect(metrics.avgLatencies[name]).toBeCloseTo(
            own.reduce((s, { duration }) => s + duration, 0) / own.length,
            6,
          );
          expect(metrics.costs[name]).toBeCloseTo(price, 9);
        }
        expect(metrics.totalCost).toBeCloseTo(cost, 9);
        const rank = hour.map(({ duration }) => duration).sort((a, b) => a - b);
        const at = (share: number) => rank[Math.ceil(share * rank.length) - 1];
        if (hour.length === 0) expect(metrics.latency).toBeNull();
        else expect(metrics.latency).toMatchObject({ p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) });
        for (const provider of ["claude", "openai", "gemini"] as const) {
          const own = all.filter((record) => record.provider === provider);
          expect(collector.getProviderStats(provider)).toMatchObject({
            requestCount: own.length,
            errorCount: own.filter(({ success }) => !success).length,
            totalTokens: own.reduce((sum, { tokenCount: t }) => sum + t.input + t.output, 0),
          });
        }
      }),
    );
  });

  it("knows a provider by any of its names, takes prices over the table's, and local tokens cost electricity", () => {
    const collector = new MetricsCollector({
      prices: { google: { input: 1_000_000, output: 0 } },
      watts: 1_000,
      pricePerKwh: 3.6,
    });
    collector.recordRouting({ provider: "gemini", duration: 1, tokenCount: { input: 2, output: 5 } });
    collector.recordRouting({ provider: "local", duration: 20_000, tokenCount: { input: 10, output: 10 } });
    expect(collector.getProviderStats("google").estimatedCost).toBe(2);
    // 20 s of 1 kW at 3.60 a kWh.
    expect(collector.getProviderStats("local").estimatedCost).toBeCloseTo(0.02, 9);
    expect(collector.getMetrics("minute").totalCost).toBeCloseTo(2.02, 9);
  });
});

describe("prices", () => {
  it("are the model's; what nobody knows is no figure, and never 0", () => {
    const collector = new MetricsCollector({ prices: { "anthropic/claude-next": { input: 10, output: 0 } } });
    const tokenCount = { input: 1_000_000, output: 0 };
    const costOf = (provider: string) => collector.getProviderStats(provider).estimatedCost;
    collector.recordRouting({ provider: "claude", model: "claude-haiku-4-5-20251001", duration: 1, tokenCount });
    expect(costOf("claude")).toBe(1);
    collector.recordRouting({ provider: "claude", model: "claude-next", duration: 1, tokenCount });
    expect(costOf("claude")).toBe(11);
    collector.recordRouting({ provider: "claude", model: "claude-unheard-of", duration: 1, tokenCount });
    expect(costOf("claude")).toBe(11);
    collector.recordRouting({ provider: "elsewhere", model: "m", duration: 1, tokenCount });
    expect(costOf("elsewhere")).toBeNull();
    expect(collector.getMetrics("hour")).toMatchObject({
      costs: { claude: 11 },
      totalCost: 11,
      unpricedTokens: 2_000_000,
    });
    expect(collector.getMetrics("hour").costs).not.toHaveProperty("elsewhere");
  });
});

describe("with a state directory", () => {
  it("sees what other collectors wrote there, past a torn line", () => {
    const stateDir = home();
    const [one, two] = [new MetricsCollector({ stateDir }), new MetricsCollector({ stateDir })];
    one.recordRouting({ provider: "openai", duration: 5 });
    one.close();
    appendFileSync(join(stateDir, "usage/usage.jsonl"), '{"at":12,"prov');
    two.recordRouting({ provider: "claude", duration: 5, success: false });
    expect(two.getMetrics("hour").routingCounts).toEqual({ openai: 1, claude: 1, total: 2 });
    expect(one.getProviderStats("claude").errorCount).toBe(1);
  });

  it("loses nothing of several processes that write at once, while files are closed", async () => {
    const stateDir = home();
    const program = `import { MetricsCollector } from ${JSON.stringify(new URL("../../../dist/index.js", import.meta.url).href)};
      const collector = new MetricsCollector({ stateDir: process.argv[1] });
      for (let batch = 0; batch < 50; batch += 1) {
        for (let n = 0; n < 40; n += 1) collector.recordRouting({ provider: "local", agent: "worker", duration: 3 });
        collector.flush();
      }`;
    await Promise.all([1, 2, 3].map(() => execa(process.execPath, ["--input-type=module", "-e", program, stateDir])));
    expect(new MetricsCollector({ stateDir }).getMetrics("day").routingCounts).toEqual({ local: 6_000, total: 6_000 });
  });
});
