import { describe, expect, it } from "vitest";
import { ProviderBalancer } from "../../../src/runtime/routing/providerBalancer.ts";

const ALL = ["claude", "openai", "gemini"];

function counts(draws: number, draw: () => string): Record<string, number> {
  const seen: Record<string, number> = {};
  for (let index = 0; index < draws; index += 1) {
    const name = draw();
    seen[name] = (seen[name] ?? 0) + 1;
  }
  return seen;
}

describe("ProviderBalancer", () => {
  it("needs no argument and draws 3:2:2 within 1 %", () => {
    const balancer = new ProviderBalancer();
    const seen = counts(10_000, () => balancer.selectWeighted(ALL));
    for (const [name, share] of [
      ["claude", 3 / 7],
      ["openai", 2 / 7],
      ["gemini", 2 / 7],
    ] as const)
      expect(Math.abs((seen[name] ?? 0) / 10_000 - share)).toBeLessThan(0.01);
  });

  it("goes round, beginning with the first name given", () => {
    const balancer = new ProviderBalancer();
    expect(Array.from({ length: 5 }, () => balancer.selectRoundRobin(ALL))).toEqual([...ALL, "claude", "openai"]);
    const other = new ProviderBalancer();
    expect(other.selectRoundRobin(["gemini", "claude"])).toBe("gemini");
  });

  it("averages latencies with α = 0.3 exactly, and tries an unmeasured provider first", () => {
    const balancer = new ProviderBalancer({ strategy: "latency" });
    balancer.recordLatency("claude", 1200);
    balancer.recordLatency("openai", 980);
    expect(balancer.selectByLatency(ALL)).toBe("gemini");
    balancer.recordLatency("gemini", 750);
    expect(balancer.selectByLatency(ALL)).toBe("gemini");
    balancer.recordLatency("claude", 100);
    expect(balancer.getStats().latencies.claude).toBe(0.3 * 100 + 0.7 * 1200);
    for (let index = 0; index < 10; index += 1) balancer.recordLatency("claude", 100);
    expect(balancer.selectWithContext({ excludeProviders: ["gemini"] })).toBe("claude");
  });

  it("takes the one that used the fewest tokens; update sets, record adds", () => {
    const balancer = new ProviderBalancer({ strategy: "usage" });
    balancer.updateTokenUsage("claude", 45_000);
    balancer.updateTokenUsage("openai", 12_000);
    balancer.updateTokenUsage("google", 8_000);
    expect(balancer.selectByUsage(ALL)).toBe("gemini");
    balancer.recordUsage("gemini", 5_000);
    expect(balancer.selectByUsage(ALL)).toBe("openai");
    expect(balancer.getStats().providers.gemini?.usageTokens).toBe(13_000);
  });

  it("breaks ties by priority, then by the configuration's order", () => {
    const providers = { a: { priority: 2 }, b: { priority: 1 }, c: { priority: 1 } };
    expect(new ProviderBalancer({ providers }).selectByUsage(["a", "c", "b"])).toBe("b");
  });

  it("halves a weight with each error and gives it back with time", () => {
    let now = 0;
    const balancer = new ProviderBalancer({ providers: { a: { weight: 2 }, b: { weight: 2 } }, now: () => now });
    balancer.recordError("a");
    expect(counts(300, () => balancer.selectWeighted(["a", "b"]))).toEqual({ a: 100, b: 200 });
    now = 3_600_000;
    expect(counts(300, () => balancer.selectWeighted(["a", "b"])).a).toBeCloseTo(150, -1);
  });

  it("passes over a provider that rests, for exactly its Retry-After", () => {
    let now = 1_000;
    const balancer = new ProviderBalancer({ now: () => now });
    balancer.recordError("claude", { retryAfterMs: 5_000 });
    expect(counts(20, () => balancer.selectWeighted(ALL)).claude).toBeUndefined();
    now = 5_999;
    expect(balancer.selectRoundRobin(["claude", "openai"])).toBe("openai");
    now = 6_000;
    expect(balancer.selectByUsage(["claude", "openai"])).toBe("claude");
  });

  it("selects by strategy and context, with a reason", () => {
    const balancer = new ProviderBalancer({ defaultStrategy: "weighted" });
    expect(balancer.selectProvider("latency", { excludeProviders: ["claude"] })).toEqual({
      provider: "openai",
      reason: expect.stringContaining("Latency-based"),
    });
    expect(["claude", "openai"]).toContain(
      balancer.selectWithContext({
        taskType: "analysis",
        agentType: "architect",
        tokenEstimate: 5000,
        excludeProviders: ["gemini"],
      }),
    );
    expect(() => balancer.selectWithContext({ excludeProviders: ALL })).toThrow("No provider is left");
  });

  it("has plain statistics", () => {
    const balancer = new ProviderBalancer();
    for (let index = 0; index < 39; index += 1) balancer.recordLatency("gemini", 100);
    balancer.recordError("gemini");
    const stats = balancer.getStats();
    expect(stats.providers.gemini).toEqual({
      latencyAvg: 100,
      usageTokens: 0,
      requests: 40,
      errors: 1,
      errorRate: 2.5,
    });
    expect(stats.providers.claude).toEqual({ latencyAvg: null, usageTokens: 0, requests: 0, errors: 0, errorRate: 0 });
    expect(stats.summary).toMatchObject({ requests: 40, errors: 1, errorRate: 2.5 });
    expect(JSON.parse(JSON.stringify(stats))).toEqual(stats);
  });

  it("passes over what is disabled", () => {
    const balancer = new ProviderBalancer({
      providers: { claude: { weight: 3, enabled: false }, openai: { weight: 1 } },
    });
    expect(balancer.selectWeighted(["claude", "openai"])).toBe("openai");
    expect(() => balancer.selectRoundRobin([])).toThrow("list of names is empty");
  });
});
