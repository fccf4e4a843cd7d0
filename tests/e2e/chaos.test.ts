import { afterAll, describe, expect, test } from "vitest";
import { sampleOf } from "../chaos/all.ts";
import { Hosts, runScenario } from "../chaos/runner.ts";

/** Eight misbehaving models and four faults: what fits into the check of a commit. `npm run test:chaos` plays all of them. */
const SAMPLE = 12;
const SEED = 1;

const hosts = new Hosts();
afterAll(() => hosts.close());

describe("a sample of the chaos suite", () => {
  for (const scenario of sampleOf(SAMPLE, SEED)) {
    // The scenario has a limit of its own; this one only has to be longer, the start of OpenCode included.
    test(`${scenario.name}: ${scenario.what}`, { timeout: (scenario.limitS + 180) * 1000 }, async ({ skip }) => {
      const outcome = await runScenario(scenario, hosts, SEED);
      if (outcome.skipped !== undefined) return skip(outcome.skipped);
      expect(outcome.problems).toEqual([]);
      expect(scenario.ends).toContain(outcome.end);
    });
  }
});
