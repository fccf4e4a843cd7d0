import { expect, it } from "vitest";
import { gaugesOf, recentReadings } from "../../../src/core/view/gauges.ts";

const reading = (at: number, generationTokens: number, prefixHits: number, prefixQueries: number) => ({
  at,
  snapshot: { running: 3, waiting: 2, kvUsage: 0.41, generationTokens, promptTokens: 0, prefixHits, prefixQueries },
});

it("takes rates and the prefix cache's share over the readings, the rest from the newest", () => {
  const readings = [reading(1_000, 500, 10, 100), reading(3_000, 700, 60, 160)];
  expect(gaugesOf("gpu:8001", readings)).toEqual({
    server: "gpu:8001",
    at: 3_000,
    running: 3,
    waiting: 2,
    kvUsage: 0.41,
    prefixHits: 50 / 60,
    outputRate: 100,
    promptRate: 0,
  });
});

it("says the share since the server's start where nothing was asked meanwhile, and no rate from one reading", () => {
  const one = gaugesOf("gpu", [reading(1_000, 500, 10, 100)]);
  expect(one).toMatchObject({ prefixHits: 0.1 });
  expect(one).not.toHaveProperty("outputRate");
});

it("gives no rate over a restart of the server, and nothing that the server does not say", () => {
  const restarted = gaugesOf("gpu", [reading(1_000, 500, 10, 100), reading(2_000, 20, 1, 4)]);
  expect(restarted).not.toHaveProperty("outputRate");
  expect(restarted).toMatchObject({ prefixHits: 0.25 });
  expect(gaugesOf("gpu", [{ at: 5, snapshot: { running: 1 } }])).toEqual({ server: "gpu", at: 5, running: 1 });
  expect(gaugesOf("gpu", [])).toBeUndefined();
});

it("keeps the readings of the last ten seconds", () => {
  const readings = [0, 4_000, 9_000, 14_000].map((at) => reading(at, at, 0, 0));
  expect(recentReadings(readings, 14_000).map(({ at }) => at)).toEqual([4_000, 9_000, 14_000]);
});
