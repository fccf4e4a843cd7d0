import { lowerBound } from "../../tests/core/dag/lowerBound.ts";
import { faultOf, randomDag, simulate } from "../../tests/core/dag/randomDag.ts";
import { finish, machine, progress, readArguments } from "./report.ts";
import { mulberry32, round } from "./statistics.ts";

const DAGS = 100_000;
const SEED = 8;
/** Mean makespan against the lower bound. */
const GOAL = 1.1;

/** Random graphs with overlapping scopes: no run breaks a rule, and how close each comes to what no schedule can beat. */
export async function bench(args: readonly string[]): Promise<void> {
  const options = readArguments(args, { name: "dags", fallback: DAGS });
  const random = mulberry32(SEED);
  const about = machine("none");
  const ratios: number[] = [];
  const faults: string[] = [];
  for (let run = 0; run < options.count; run += 1) {
    if (run % 10_000 === 0) progress(`${run} graphs`);
    const dag = randomDag(random);
    const spans = simulate(dag);
    const fault = faultOf(dag, spans);
    if (fault !== undefined) faults.push(`graph ${run}: ${fault}`);
    ratios.push(Math.max(...spans.map(({ to }) => to)) / lowerBound(dag));
  }
  const sorted = ratios.toSorted((a, b) => a - b);
  const at = (share: number) => round(sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN);
  const mean = round(ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length);
  const within = round(ratios.filter((ratio) => ratio <= GOAL).length / ratios.length);
  const met = faults.length === 0 && mean <= GOAL;
  const makespan = { mean, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1), within };
  const result = { about, met, dags: options.count, seed: SEED, goal: GOAL, makespan, faults: faults.slice(0, 10) };
  const lines = [
    `${options.count} graphs, ${faults.length} broke a rule`,
    `makespan against the lower bound: mean ${mean}, median ${makespan.p50}, p90 ${makespan.p90}, p99 ${makespan.p99}, worst ${makespan.max}`,
    `${round(within * 100, 1)} % within ${GOAL}`,
    ...result.faults,
  ];
  finish(result, lines, options.json);
}
