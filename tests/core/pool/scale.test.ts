import { describe, expect, test } from "vitest";
import { pickServer, scaleOf } from "../../../src/core/pool/scale.ts";

const load = { busy: 0, servers: 1, min: 1, max: 3, lowSince: undefined };

describe("the number of servers", () => {
  test.each([
    ["80 % is not above", { busy: 8 }, "none"],
    ["above 80 %", { busy: 9 }, "up"],
    ["of two", { busy: 17, servers: 2 }, "up"],
    ["never above the most", { busy: 99, servers: 3 }, "none"],
    ["30 % is not below", { busy: 6, servers: 2 }, "none"],
  ])("%s", (_, more, action) => {
    expect(scaleOf({ ...load, ...more }, 0)).toEqual({ action, lowSince: undefined });
  });

  test("below 30 % for more than 60 s, one at a time, never below the least", () => {
    const low = { ...load, busy: 2, servers: 3 };
    expect(scaleOf(low, 1_000)).toEqual({ action: "none", lowSince: 1_000 });
    expect(scaleOf({ ...low, lowSince: 1_000 }, 61_000).action).toBe("none");
    expect(scaleOf({ ...low, lowSince: 1_000 }, 61_001)).toEqual({ action: "down", lowSince: 61_001 });
    expect(scaleOf({ ...low, servers: 1, lowSince: 1_000 }, 99_000).action).toBe("none");
    expect(scaleOf({ ...low, busy: 9, lowSince: 1_000 }, 99_000).lowSince).toBeUndefined();
  });
});

test("the least busy takes the next, those that are alike in turn, and none that is full", () => {
  const servers = [
    { port: 1, busyCount: 2 },
    { port: 2, busyCount: 1 },
    { port: 3, busyCount: 1 },
  ];
  expect([0, 1, 2].map((turn) => pickServer(servers, turn)?.port)).toEqual([2, 3, 2]);
  expect(pickServer([{ busyCount: 10 }], 0)).toBeUndefined();
  expect(pickServer([], 0)).toBeUndefined();
});
