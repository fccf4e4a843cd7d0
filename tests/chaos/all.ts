import { BEHAVIOURS } from "./behaviours/all.ts";
import { FAULTS } from "./faults/all.ts";
import { shuffled } from "./random.ts";
import type { Scenario } from "./scenario.ts";

export const SCENARIOS: readonly Scenario[] = [
  ...BEHAVIOURS.map((each): Scenario => ({ kind: "behaviour", ...each })),
  ...FAULTS.map((each): Scenario => ({ kind: "fault", ...each })),
];

/** Two thirds behaviours, one third faults, as the seed chooses them from those that are marked for the sample first. */
export function sampleOf(count: number, seed: number): Scenario[] {
  const ordered = (kind: Scenario["kind"]) => {
    const of = shuffled(
      SCENARIOS.filter((each) => each.kind === kind),
      `${seed} ${kind}`,
    );
    return [...of.filter((each) => each.sample), ...of.filter((each) => !each.sample)];
  };
  const faults = Math.floor(count / 3);
  return [...ordered("behaviour").slice(0, count - faults), ...ordered("fault").slice(0, faults)];
}
