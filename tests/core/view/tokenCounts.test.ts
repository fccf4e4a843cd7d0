import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shortTokens, statusLine } from "../../../src/core/view/tokenCounts.ts";

describe("the status line", () => {
  it("has the form people know, with the local model and the limits", () => {
    const traffic = {
      claude: { input: 1_200, output: 567 },
      openai: { input: 25_800, output: 9 },
      gemini: { input: 165_300, output: 1_400 },
      local: { input: 2_100_000, output: 48_000 },
    };
    expect(statusLine(traffic, { "5h": 42.3, weekly: 17, monthly: 8 })).toBe(
      "C:1.2k↓ 567↑|O:25.8k↓ 9↑|G:165.3k↓ 1.4k↑|L:2.1M↓ 48k↑ · 5h:42% wk:17% mo:8%",
    );
  });

  it("names every provider, and only limits that are known", () => {
    expect(statusLine({}, {})).toBe("C:0↓ 0↑|O:0↓ 0↑|G:0↓ 0↑|L:0↓ 0↑");
    expect(statusLine({}, { weekly: 0 })).toMatch(/ · wk:0%$/);
  });
});

describe("a short count", () => {
  it("is never more than seven characters and never lies by more than a twentieth of its unit", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_000_000_000 }), (tokens) => {
        const text = shortTokens(tokens);
        const [, number = "", unit = ""] = /^(\d+(?:\.\d)?)([kMG]?)$/.exec(text) ?? [];
        const size = { "": 1, k: 1e3, M: 1e6, G: 1e9 }[unit] ?? Number.NaN;
        expect(Number(number)).toBeLessThan(1000);
        expect(Math.abs(Number(number) * size - tokens)).toBeLessThanOrEqual(size * 0.0501);
      }),
    );
  });

  it("goes to the next unit before it would need four digits", () => {
    expect([999, 1_000, 999_949, 999_950, 1_000_000].map(shortTokens)).toEqual(["999", "1k", "999.9k", "1M", "1M"]);
  });
});
