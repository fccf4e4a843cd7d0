import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  readApiKeyHeaders,
  readStatusLine,
  readStreamEvent,
  readUnifiedHeaders,
  readUsageEndpoint,
} from "../../../../src/core/routing/limits/claude.ts";
import { readGeminiQuota } from "../../../../src/core/routing/limits/gemini.ts";
import { readLocalLoad } from "../../../../src/core/routing/limits/local.ts";
import {
  readCodexAppServer,
  readCodexRollout,
  readOpenAiHeaders,
  readSpan,
} from "../../../../src/core/routing/limits/openai.ts";
import { type LimitReading, limitWindowSchema } from "../../../../src/core/routing/limits/window.ts";
import { readZaiQuota } from "../../../../src/core/routing/limits/zai.ts";

const NOW = Date.parse("2026-11-21T12:00:00Z");
const FIVE_HOUR_RESET = 1_795_271_400_000;
const WEEK_RESET = 1_795_687_200_000;

function text(name: string): string {
  return readFileSync(fileURLToPath(new URL(`../../../fixtures/limits/${name}`, import.meta.url)), "utf8");
}
const json = (name: string): unknown => JSON.parse(text(name));
const headers = (name: string) => {
  const all = json(name) as Record<string, string>;
  return (header: string) => all[header];
};

/** kind, percent and reset of each window. */
function gist(reading: LimitReading): unknown[] {
  if (!reading.ok) return [reading.reason];
  for (const window of reading.windows) limitWindowSchema.parse(window);
  return reading.windows.map(({ windowKind, usedPercent, resetsAt }) => [windowKind, usedPercent, resetsAt]);
}

const both = (five: number | undefined, week: number | undefined) => [
  ["5h", five, FIVE_HOUR_RESET],
  ["weekly", week, WEEK_RESET],
];

describe("Claude", () => {
  it("the status line's input", () => {
    expect(gist(readStatusLine(json("claude-statusline.json"), NOW))).toEqual(both(23.5, 41.2));
    expect(readStatusLine({ session_id: "a" }, NOW)).toMatchObject({
      ok: false,
      reason: expect.stringContaining("2.1.80"),
    });
    expect(gist(readStatusLine({ rate_limits: { five_hour: { resets_at: 1_795_271_400 } } }, NOW))).toEqual([
      ["5h", undefined, FIVE_HOUR_RESET],
    ]);
  });

  it("stream events: a fraction, unknown while allowed, full when rejected or in overage", () => {
    const [allowed, warned, rejected, overage] = text("claude-stream.jsonl")
      .trim()
      .split("\n")
      .map((line) => readStreamEvent(JSON.parse(line), NOW));
    expect(gist(allowed as LimitReading)).toEqual([["5h", undefined, FIVE_HOUR_RESET]]);
    expect(gist(warned as LimitReading)).toEqual(both(92, 29));
    expect(gist(rejected as LimitReading)).toEqual(both(100, 84));
    expect(gist(overage as LimitReading)).toEqual([["5h", 100, FIVE_HOUR_RESET]]);
  });

  it("headers of a subscription are fractions; in overage they vanish, which is 100 % and not 0", () => {
    expect(gist(readUnifiedHeaders(headers("claude-headers.json"), NOW))).toEqual(both(29, 7));
    expect(gist(readUnifiedHeaders(headers("claude-headers-overage.json"), NOW))).toEqual([
      ["5h", 100, FIVE_HOUR_RESET],
    ]);
    expect(readUnifiedHeaders(() => null, NOW)).toMatchObject({ ok: false });
  });

  it("headers of an API key", () => {
    expect(gist(readApiKeyHeaders(headers("anthropic-headers.json"), NOW))).toEqual([
      ["requests", 75, Date.parse("2026-11-21T12:00:30Z")],
      ["tokens", 90, Date.parse("2026-11-21T12:00:40Z")],
    ]);
  });

  it("the usage endpoint, windows of single models apart", () => {
    const reading = readUsageEndpoint(json("claude-usage.json"), NOW);
    expect(gist(reading).map((row) => (row as unknown[])[1])).toEqual([37, 61, 95]);
    expect(reading.ok && reading.windows.map(({ model }) => model)).toEqual([undefined, undefined, "opus"]);
  });
});

describe("OpenAI", () => {
  it("headers, whose resets are spans", () => {
    expect(gist(readOpenAiHeaders(headers("openai-headers.json"), NOW))).toEqual([
      ["requests", 0.2, NOW + 120],
      ["tokens", 95, NOW + 360_000],
    ]);
    expect([readSpan("1h2m3.5s"), readSpan("20ms"), readSpan("soon"), readSpan("")]).toEqual([
      3_723_500,
      20,
      undefined,
      undefined,
    ]);
  });

  it("Codex's app server: a window is what its duration says, not its slot", () => {
    expect(gist(readCodexAppServer(json("codex-app-server.json"), NOW))).toEqual([
      ["weekly", 88, WEEK_RESET],
      ["5h", 12, FIVE_HOUR_RESET],
    ]);
  });

  it("Codex's rollout files: the newest line with limits; torn and other lines are passed over", () => {
    const at = Date.parse("2026-11-21T11:55:00Z");
    const reading = readCodexRollout(text("codex-rollout.jsonl"), NOW);
    expect(gist(reading)).toEqual([
      ["5h", 14, at + 12_000_000],
      ["weekly", 11, WEEK_RESET],
    ]);
    expect(reading.ok && reading.windows[0]?.observedAt).toBe(at);
    expect(readCodexRollout("{}\n", NOW)).toMatchObject({ ok: false });
  });
});

it("Gemini: what is left of each model's day", () => {
  const reset = Date.parse("2026-11-22T08:00:00Z");
  expect(gist(readGeminiQuota(json("gemini-quota.json"), NOW))).toEqual([
    ["daily", 65, reset],
    ["daily", 10, reset],
  ]);
});

it("z.ai: the month's tool quota holds back no model request", () => {
  const reading = readZaiQuota(json("zai-quota.json"), NOW);
  expect(gist(reading)).toEqual([["monthly", 99, 1_797_000_000_000], ...both(44, 12)]);
  expect(reading.ok && reading.windows.map(({ blocks }) => blocks)).toEqual([false, true, true]);
});

it("the local server: its KV cache or its queue, whichever is fuller", () => {
  expect(gist(readLocalLoad({ kvUsage: 0.4, waiting: 6, running: 8 }, NOW))).toEqual([["gpu", 75, undefined]]);
  expect(gist(readLocalLoad({ kvUsage: 0.93, waiting: 0, running: 8 }, NOW))).toEqual([["gpu", 93, undefined]]);
  expect(readLocalLoad({}, NOW)).toMatchObject({ ok: false });
});

it("no source throws or makes up a number, whatever it is given", () => {
  const readers = [
    readStatusLine,
    readStreamEvent,
    readUsageEndpoint,
    readCodexAppServer,
    readGeminiQuota,
    readZaiQuota,
  ];
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(...readers), (input, read) => {
      const reading = read(input, NOW);
      if (reading.ok) for (const window of reading.windows) limitWindowSchema.parse(window);
      else expect(reading.reason).not.toBe("");
    }),
    { numRuns: 500 },
  );
});
