import { describe, expect, it } from "vitest";
import { readLimitHeaders } from "../../../../src/core/routing/limits/headers.ts";

const NOW = 1_795_262_400_000;
const from = (headers: Record<string, string>) => (name: string) => headers[name];

describe("limits in an answer's headers", () => {
  it("Anthropic: a subscription's windows before an API key's", () => {
    const both = from({
      "anthropic-ratelimit-unified-5h-utilization": "0.42",
      "anthropic-ratelimit-unified-7d-utilization": "0.1",
      "anthropic-ratelimit-tokens-limit": "100",
      "anthropic-ratelimit-tokens-remaining": "50",
    });
    const reading = readLimitHeaders({ surface: "anthropic", provider: "claude" }, both, NOW);
    expect(reading).toMatchObject({
      ok: true,
      windows: [
        { provider: "claude", windowKind: "5h", usedPercent: 42 },
        { provider: "claude", windowKind: "weekly", usedPercent: 10 },
      ],
    });
    const key = from({ "anthropic-ratelimit-tokens-limit": "100", "anthropic-ratelimit-tokens-remaining": "25" });
    expect(readLimitHeaders({ surface: "anthropic", provider: "claude" }, key, NOW)).toMatchObject({
      windows: [{ windowKind: "tokens", usedPercent: 75 }],
    });
  });

  it("OpenAI's form under the name of whoever sends it", () => {
    const headers = from({
      "x-ratelimit-limit-requests": "60",
      "x-ratelimit-remaining-requests": "6",
      "x-ratelimit-reset-requests": "6m0s",
    });
    expect(readLimitHeaders({ surface: "openai", provider: "own" }, headers, NOW)).toMatchObject({
      windows: [{ provider: "own", windowKind: "requests", usedPercent: 90, resetsAt: NOW + 360_000 }],
    });
  });

  it("nothing said is nothing known", () => {
    for (const surface of ["openai", "anthropic", "gemini"] as const)
      expect(readLimitHeaders({ surface, provider: "x" }, () => undefined, NOW).ok).toBe(false);
  });
});
