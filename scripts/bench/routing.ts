import { performance } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { decideRoute, type RouteQuestion } from "../../src/core/routing/decideRoute.ts";
import type { RoutingHealth } from "../../src/core/routing/health.ts";
import { makePolicy } from "../../src/core/routing/policy.ts";
import type { RoutingRule } from "../../src/core/routing/rules.ts";
import { SPECIALISTS } from "../../src/core/routing/specialists.ts";
import { FUSION_MODES } from "../../src/core/routing/verdict.ts";
import { finish, machine, progress, readArguments } from "./report.ts";
import { round } from "./statistics.ts";

const DECISIONS = 1_000_000;
/** Decisions a second, microseconds, bytes of growth over all decisions. */
const GOALS = { perSecond: 500_000, p99Us: 20, growthBytes: 2_000_000 };
const RULES = 40;
/** Runs whose median counts: another process on the machine slows one of them, seldom most. */
const RUNS = 7;

const AGENTS = [...SPECIALISTS.high, ...SPECIALISTS.medium, ...SPECIALISTS.low];

/** Uncached decisions with a full rules file, over every agent, mode and state; their times, and memory over all of them. */
export async function bench(args: readonly string[]): Promise<void> {
  const options = readArguments(args, { name: "decisions", fallback: DECISIONS });
  const about = machine("none");
  const policy = makePolicy({
    primary: "claude",
    externalAllowed: true,
    tiers: { medium: ["openai", "zai"] },
    rules: Array.from({ length: RULES }, (_, n) => rule(n)),
    overrides: { vision: { provider: "gemini" }, "tdd-guide": { provider: "local" } },
  });
  const cases = AGENTS.flatMap((agent, n) =>
    FUSION_MODES.flatMap((mode) => states().map((health) => ({ health, question: question(agent, mode, n) }))),
  );
  const decide = (index: number) => {
    const one = cases[index % cases.length];
    if (one) decideRoute(policy, one.health, one.question);
  };
  for (let warm = 0; warm < 200_000; warm += 1) decide(warm);
  progress(`${RUNS} runs of ${options.count} decisions`);
  const speeds = Array.from({ length: RUNS }, () => perSecond(decide, options.count)).sort((a, b) => a - b);
  progress("single decisions");
  const times = Array.from({ length: 200_000 }, (_, index) => timed(() => decide(index))).sort((a, b) => a - b);
  const at = (share: number) => round(times[Math.floor(share * (times.length - 1))] ?? Number.NaN, 2);
  progress("memory");
  const growthBytes = memoryGrowth(decide, options.count);
  const figures = {
    cases: cases.length,
    rules: RULES,
    perSecond: { median: Math.round(speeds[RUNS >> 1] ?? 0), slowest: Math.round(speeds[0] ?? 0) },
    decisionUs: { p50: at(0.5), p99: at(0.99), max: at(1) },
    memory: { decisions: options.count, growthBytes },
  };
  const met =
    figures.perSecond.median >= GOALS.perSecond &&
    figures.decisionUs.p99 <= GOALS.p99Us &&
    growthBytes <= GOALS.growthBytes;
  finish(
    { bench: "routing", machine: about, ...figures, goals: GOALS, met } as { met: boolean },
    [
      ...Object.entries(figures).map(([name, value]) => `${name}: ${JSON.stringify(value)}`),
      met ? "all goals met" : "a goal was missed",
    ],
    options.json,
  );
}

/** Rules of every kind; most do not hold, as in a file that a team really has. */
function rule(n: number): RoutingRule {
  const when: RoutingRule["when"] = {
    ...(n % 3 === 0 ? { task: [`topic-${n}`, `비밀-${n}`] } : {}),
    ...(n % 4 === 0 ? { time: { from: "22:00", to: "06:00" } } : {}),
    ...(n % 5 === 0 ? { utilisation: { atLeast: 80, below: 85 } } : {}),
    ...(n % 7 === 0 ? { mode: ["save-tokens" as const] } : {}),
    agent: [n % 2 === 0 ? "*" : "*-low", `agent-${n}`],
  };
  // One without a condition of its own would hold always and hide those behind it.
  return { name: `rule ${n}`, when: { task: [`topic-${n}`], ...when }, to: { provider: "local" } };
}

function question(agent: string, mode: RouteQuestion["mode"], n: number): RouteQuestion {
  const task = `Look into the tokens of the session store and mend what is wrong there (${n}); then run the tests.`;
  return { agent: n % 2 === 0 ? agent : `omc:${agent}`, mode, session: `ses_${n}`, task, minute: (n * 97) % 1440 };
}

function states(): RoutingHealth[] {
  const names = (all: readonly string[]) => all[0] ?? "";
  return [
    { providers: {}, pick: names },
    { providers: { claude: { percent: 50 } }, pick: names },
    { providers: { claude: { percent: 82 }, openai: { percent: 20 } }, pick: names },
    { providers: { claude: { percent: 93 }, openai: { cooling: true } }, pick: names },
    { providers: { claude: { percent: 93 } }, fallback: "claude quota", pick: names },
  ];
}

function perSecond(decide: (index: number) => void, count: number): number {
  const start = performance.now();
  for (let index = 0; index < count; index += 1) decide(index);
  return count / ((performance.now() - start) / 1000);
}

/** Microseconds. */
function timed(work: () => void): number {
  const start = performance.now();
  work();
  return (performance.now() - start) * 1000;
}

function memoryGrowth(decide: (index: number) => void, count: number): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const used = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = used();
  for (let index = 0; index < count; index += 1) decide(index);
  return used() - before;
}
