import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { z } from "zod";
import { decideRoute } from "../../src/core/routing/decideRoute.ts";
import { makePolicy } from "../../src/core/routing/policy.ts";
import { agentTiers, SPECIALISTS, type Tier } from "../../src/core/routing/specialists.ts";
import type { FusionMode } from "../../src/core/routing/verdict.ts";
import recorded from "./fusionSessions.json" with { type: "json" };
import { finish } from "./report.ts";
import { round } from "./statistics.ts";

const TASKS = 100;
const PRIMARY = "claude";
/** What the older tools say a tier's task saves of the primary's tokens. */
const CLAIMED: Readonly<Record<Tier, number>> = { high: 0, medium: 0.4, low: 0.7 };

interface Task {
  agent: string;
  prompt: number;
  output: number;
}

const gateLine = z.object({
  type: z.literal("answered"),
  session: z.string(),
  role: z.string(),
  tokens: z.object({ prompt: z.number(), output: z.number() }),
});

/**
 * What fusion saves of the primary's tokens over 100 tasks, from token counts that were recorded, for three mixes of tasks.
 * Nothing is asserted: the figure is its assumptions. `--log FILE` takes a gate log (`.aegis/gate.jsonl`) of your own.
 */
export async function bench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { json: { type: "boolean", default: false }, log: { type: "string" } },
  });
  const sessions = values.log === undefined ? recorded.sessions : sessionsOf(readFileSync(values.log, "utf8"));
  const asRecorded = sessions.map(({ role, prompt, output }): Task => ({ agent: role, prompt, output }));
  const every = Object.values(SPECIALISTS).flat();
  const alike = mean(asRecorded);
  const mixes = {
    "every specialist as often, all tasks of one length": cycle(every.map((agent) => ({ agent, ...alike }))),
    "every specialist as often, each as long as its tier's recorded sessions": cycle(
      every.map((agent) => ({ agent, ...mean(asRecorded.filter((task) => tierOf(task.agent) === tierOf(agent))) })),
    ),
    "the recorded swarm's own sessions": cycle(asRecorded),
  };
  const result = {
    bench: "fusion",
    source: values.log ?? recorded.recorded,
    tasks: TASKS,
    assumes: [
      `the baseline is ${PRIMARY} doing all ${TASKS} tasks; what another provider does costs it nothing`,
      "a task takes as many tokens at any model, and is not repeated because a smaller model failed it",
      "prompt tokens count whole, cached or not; prices are the configuration's defaults",
    ],
    mixes: Object.fromEntries(Object.entries(mixes).map(([name, tasks]) => [name, figures(tasks)])),
    met: true,
  };
  const lines = [
    `from: ${result.source}`,
    ...result.assumes.map((line) => `assumes: ${line}`),
    ...Object.entries(result.mixes).flatMap(([name, of]) => [
      `${name}: ${of.primaryTokensBefore} tokens before`,
      ...Object.entries(of.modes).map(
        ([mode, row]) =>
          `  ${mode.padEnd(18)} ${row.savedPercent} % of the primary's tokens saved, ${row.costSavedPercent} % of the cost`,
      ),
      `  by the older tools' rates (40 % medium, 70 % low): ${of.byClaimedRatesPercent} %`,
    ]),
  ];
  finish(result, lines, values.json);
}

function figures(tasks: readonly Task[]) {
  const total = sum(tasks, tokensOf);
  const claimed = sum(tasks, (task) => tokensOf(task) * CLAIMED[tierOf(task.agent)]);
  return {
    primaryTokensBefore: total,
    modes: {
      always: saved(tasks, "always"),
      "save-tokens": saved(tasks, "save-tokens"),
      "auto at 80 %": saved(tasks, "auto", 80),
    },
    byClaimedRatesPercent: percent(claimed / total),
  };
}

function saved(tasks: readonly Task[], mode: FusionMode, used?: number) {
  const policy = makePolicy({ primary: PRIMARY, externalAllowed: true });
  const health = { providers: used === undefined ? {} : { [PRIMARY]: { percent: used } } };
  const byProvider: Record<string, number> = {};
  let cost = 0;
  tasks.forEach((task, index) => {
    const verdict = decideRoute(policy, health, { agent: task.agent, mode, session: `task-${index}` });
    if (verdict.kind !== "routed") throw new Error(`${task.agent} has no verdict: ${JSON.stringify(verdict)}`);
    byProvider[verdict.provider] = (byProvider[verdict.provider] ?? 0) + tokensOf(task);
    cost += costOf(task, verdict.provider);
  });
  const before = sum(tasks, (task) => costOf(task, PRIMARY));
  const total = sum(tasks, tokensOf);
  return {
    savedPercent: percent(1 - (byProvider[PRIMARY] ?? 0) / total),
    costSavedPercent: percent(1 - cost / before),
    tokensByProvider: byProvider,
  };

  function costOf({ prompt, output }: Task, provider: string): number {
    const price = policy.providers.get(provider)?.price ?? { input: 0, output: 0 };
    return (prompt * price.input + output * price.output) / 1_000_000;
  }
}

function sessionsOf(log: string): { role: string; prompt: number; output: number }[] {
  const sessions = new Map<string, { role: string; prompt: number; output: number }>();
  for (const line of log.split("\n").filter((one) => one !== "")) {
    const parsed = gateLine.safeParse(JSON.parse(line));
    if (!parsed.success || !agentTiers().has(parsed.data.role)) continue;
    const { session, role, tokens } = parsed.data;
    const before = sessions.get(session) ?? { role, prompt: 0, output: 0 };
    sessions.set(session, { role, prompt: before.prompt + tokens.prompt, output: before.output + tokens.output });
  }
  if (sessions.size === 0) throw new Error("The log holds no answered request of a swarm's session with token counts.");
  return [...sessions.values()];
}

function cycle(tasks: readonly Task[]): Task[] {
  return Array.from({ length: TASKS }, (_, index) => tasks[index % tasks.length]).filter((task) => task !== undefined);
}

function mean(tasks: readonly Task[]): Pick<Task, "prompt" | "output"> {
  const count = Math.max(1, tasks.length);
  return {
    prompt: Math.round(sum(tasks, ({ prompt }) => prompt) / count),
    output: Math.round(sum(tasks, ({ output }) => output) / count),
  };
}

function tierOf(agent: string): Tier {
  return agentTiers().get(agent) ?? "medium";
}

const tokensOf = ({ prompt, output }: Task) => prompt + output;
const percent = (share: number) => round(share * 100, 1);
function sum(tasks: readonly Task[], of: (task: Task) => number): number {
  return tasks.reduce((all, task) => all + of(task), 0);
}
