import { lowerBound } from "../../tests/core/dag/lowerBound.ts";
import { optimum } from "../../tests/core/dag/optimum.ts";
import { faultOf, randomDag, simulate } from "../../tests/core/dag/randomDag.ts";
import { finish, machine, progress, readArguments } from "./report.ts";
import { mulberry32, round } from "./statistics.ts";

const DAGS = 100_000;
const SEED = 8;
/** Mean makespan against the lower bound. */
const GOAL = 1.1;
/** Tasks up to which the best of all schedules is looked for. */
const SMALL = 7;

/** Random graphs with overlapping scopes: no run breaks a rule, and how close each comes to what no schedule can beat. */
export async function bench(args: readonly string[]): Promise<void> {
  const options = readArguments(args, { name: "dags", fallback: DAGS });
  const random = mulberry32(SEED);
  const about = machine("none");
  const ratios: number[] = [];
  const faults: string[] = [];
  const small = { graphs: 0, optimal: 0, worst: 1, beyond: 0 };
  for (let run = 0; run < options.count; run += 1) {
    if (run % 10_000 === 0) progress(`${run} graphs`);
    const dag = randomDag(random);
    const spans = simulate(dag);
    const fault = faultOf(dag, spans);
    if (fault !== undefined) faults.push(`graph ${run}: ${fault}`);
    const makespan = Math.max(...spans.map(({ to }) => to));
    const bound = lowerBound(dag);
    ratios.push(makespan / bound);
    if (dag.tasks.length > SMALL) continue;
    const best = makespan > bound ? optimum(dag, makespan) : makespan;
    small.graphs += 1;
    if (makespan <= best) small.optimal += 1;
    if (best > bound * GOAL) small.beyond += 1;
    small.worst = Math.max(small.worst, round(makespan / best));
  }
  const sorted = ratios.toSorted((a, b) => a - b);
  const at = (share: number) => round(sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN);
  const mean = round(ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length);
  const within = round(ratios.filter((ratio) => ratio <= GOAL).length / ratios.length);
  const met = faults.length === 0 && mean <= GOAL;
  const makespan = { mean, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1), within };
  const result = {
    about,
    met,
    dags: options.count,
    seed: SEED,
    goal: GOAL,
    makespan,
    small,
    faults: faults.slice(0, 10),
  };
  const lines = [
    `${options.count} graphs, ${faults.length} broke a rule`,
    `makespan against the lower bound: mean ${mean}, median ${makespan.p50}, p90 ${makespan.p90}, p99 ${makespan.p99}, worst ${makespan.max}`,
    `${round(within * 100, 1)} % within ${GOAL}`,
    `${small.graphs} graphs of up to ${SMALL} tasks: ${small.optimal} as short as any schedule, at worst ${small.worst} of the shortest; of ${small.beyond} the shortest is above ${GOAL} of the bound`,
    ...result.faults,
  ];
  finish(result, lines, options.json);
}
