import { expect, it } from "vitest";
import { mergeWindows, usageOf, warningDue } from "../../../../src/core/routing/limits/usage.ts";
import { type LimitWindow, limitWindow } from "../../../../src/core/routing/limits/window.ts";

const NOW = 1_000_000_000_000;
const HOUR = 3_600_000;
const at = (more: Partial<LimitWindow> = {}) => ({ provider: "claude", source: "test", observedAt: NOW, ...more });
const usage = (windows: LimitWindow[], provider = "claude") => usageOf(provider, windows, 90, NOW);

it("the fullest window counts, and the latest reset of the exhausted ones", () => {
  const windows = [
    limitWindow(at(), "5h", 92, NOW + HOUR),
    limitWindow(at(), "weekly", 96, NOW + 50 * HOUR),
    limitWindow(at(), "monthly", 20, NOW + 500 * HOUR),
  ];
  expect(usage(windows)).toEqual({ percent: 96, resetsAt: NOW + 50 * HOUR });
});

it("unknown never reads as 0", () => {
  expect(usage([])).toEqual({ percent: undefined, resetsAt: undefined });
  expect(usage([limitWindow(at(), "5h", undefined, NOW + HOUR)]).percent).toBeUndefined();
  expect(usage([limitWindow(at(), "5h", undefined), limitWindow(at(), "weekly", 40)]).percent).toBe(40);
});

it("a window that has passed says nothing any more", () => {
  expect(usage([limitWindow(at(), "5h", 95, NOW)]).percent).toBeUndefined();
  expect(usage([limitWindow(at({ observedAt: NOW - 6 * HOUR }), "5h", 95)]).percent).toBeUndefined();
  expect(usage([limitWindow(at({ observedAt: NOW - 6 * HOUR }), "weekly", 95)]).percent).toBe(95);
});

it("a quota of tools does not block, a single model's only where the provider has no other", () => {
  expect(usage([limitWindow(at({ blocks: false }), "monthly", 99)]).percent).toBeUndefined();
  expect(usage([limitWindow(at(), "weekly", 40), limitWindow(at({ model: "opus" }), "weekly", 99)]).percent).toBe(40);
  const day = (model: string, percent: number) =>
    limitWindow(at({ provider: "gemini", model }), "daily", percent, NOW + HOUR);
  expect(usage([day("pro", 100), day("flash", 30)], "gemini")).toEqual({ percent: 30, resetsAt: NOW + HOUR });
  expect(usage([day("pro", 100), day("flash", 91)], "gemini").percent).toBe(91);
});

it("the newer observation replaces the older one of the same window, an unknown one replaces none", () => {
  const old = limitWindow(at({ observedAt: NOW - 1000 }), "5h", 50, NOW + HOUR);
  const fresh = limitWindow(at({ source: "other" }), "5h", 60, NOW + HOUR);
  const silent = limitWindow(at({ source: "silent" }), "5h", undefined, NOW + HOUR);
  expect(mergeWindows([old], [fresh], NOW)).toEqual([fresh]);
  expect(mergeWindows([fresh], [old], NOW)).toEqual([fresh]);
  expect(mergeWindows([fresh], [silent], NOW)).toEqual([fresh]);
  expect(mergeWindows([silent], [old], NOW)).toEqual([old]);
  expect(mergeWindows([fresh], [], NOW + HOUR)).toEqual([]);
});

it("a person's figure stays until its window has passed", () => {
  const manual = limitWindow(at({ confidence: "manual" }), "5h", 10, NOW + HOUR);
  const reported = limitWindow(at({ observedAt: NOW + 1 }), "5h", 80, NOW + HOUR);
  expect(mergeWindows([reported], [manual], NOW)).toEqual([manual]);
  expect(mergeWindows([manual], [reported], NOW)).toEqual([manual]);
});

it("warns once between 70 and 90 %, never while a mode is on", () => {
  const zone = { from: 70, limit: 90 };
  let warned = false;
  const said = [60, 71, 75, 92, 80, 69, 70, undefined, 72].map((percent) => {
    const next = warningDue(percent, zone, { modeOn: false, warned });
    warned = next.warned;
    return next.due;
  });
  expect(said).toEqual([false, true, false, false, false, false, true, false, false]);
  expect(warningDue(75, zone, { modeOn: true, warned: false }).due).toBe(false);
});
