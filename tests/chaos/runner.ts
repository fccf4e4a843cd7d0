import { rm } from "node:fs/promises";
import { messageOf } from "../../src/ports/thrown.ts";
import { TimeLimit } from "../../src/ports/timeLimit.ts";
import { Host } from "../e2e/world.ts";
import type { InvariantName, Verdict } from "./invariants.ts";
import { INVARIANTS, judge } from "./invariants.ts";
import { programFarm } from "./programFarm.ts";
import { rngOf } from "./random.ts";
import type { End, Scenario } from "./scenario.ts";
import { playBehaviour, Stage } from "./stage.ts";

/** What one scenario came to. */
export interface Outcome {
  name: string;
  kind: Scenario["kind"];
  what: string;
  role: string;
  /** How it ended; undefined where it did not, or was left out. */
  end?: End;
  workers: readonly string[];
  seconds: number;
  limitS: number;
  /** Why it could not be played here. */
  skipped?: string;
  invariants: Readonly<Partial<Record<InvariantName, readonly string[]>>>;
  /** Everything that is wrong; empty: passed. */
  problems: readonly string[];
}

/** Hosts that the scenarios of one run share. */
export class Hosts {
  private shared: Promise<Host> | undefined;
  private readonly all = new Set<Host>();
  private readonly farms: string[] = [];

  async for(scenario: Scenario): Promise<Host> {
    if (scenario.kind === "fault" && scenario.ownHost) {
      const host = await Host.start({
        ...(scenario.settings ? { settings: scenario.settings } : {}),
        ...(scenario.farm ? { env: { PATH: await this.programs() } } : {}),
      });
      this.all.add(host);
      return host;
    }
    this.shared ??= Host.start().then((host) => {
      this.all.add(host);
      return host;
    });
    return this.shared.catch((error: unknown) => {
      // The next scenario tries again.
      this.shared = undefined;
      throw error;
    });
  }

  private async programs(): Promise<string> {
    const farm = await programFarm();
    this.farms.push(farm);
    return farm;
  }

  async done(scenario: Scenario, host: Host): Promise<void> {
    if (scenario.kind !== "fault" || !scenario.ownHost) return;
    this.all.delete(host);
    await host.close();
  }

  async close(): Promise<void> {
    for (const host of this.all) await host.close();
    for (const farm of this.farms) await rm(farm, { recursive: true, force: true });
  }
}

/**
 * Plays one scenario to its end, looks at all invariants, and says what is wrong. Never throws for what the scenario
 * does: a scenario that hangs or breaks is a problem in its outcome.
 */
export async function runScenario(
  scenario: Scenario,
  hosts: Hosts,
  seed: number,
  interrupt?: AbortSignal,
): Promise<Outcome> {
  const about = {
    name: scenario.name,
    kind: scenario.kind,
    what: scenario.what,
    role: scenario.kind === "behaviour" ? scenario.role : "world",
    limitS: scenario.limitS,
  };
  const unplayed = { ...about, workers: [], seconds: 0, invariants: {} };
  let host: Host;
  try {
    host = await hosts.for(scenario);
  } catch (error) {
    return { ...unplayed, problems: [`OpenCode did not start for it: ${messageOf(error)}`] };
  }
  // The time counts from here: starting OpenCode is no part of a scenario.
  const started = performance.now();
  const seconds = () => Math.round((performance.now() - started) / 100) / 10;
  const limit = new TimeLimit(scenario.limitS * 1000, ...(interrupt ? [interrupt] : []));
  let stage: Stage | undefined;
  try {
    stage = await Stage.set(host, scenario, limit.signal, rngOf(`${seed} ${scenario.name}`));
    const skipped = await withLimit(play(stage, scenario), limit.signal, stage);
    if (skipped !== undefined) return { ...unplayed, seconds: seconds(), skipped, problems: [] };
    const end = await stage.settled(scenario.ends);
    const took = seconds();
    const invariants = await judge(stage, scenario, await hostPids(stage, host));
    const workers = (await stage.workers()).map(({ assignment, status }) => `${assignment.id} ${status}`);
    const problems = [
      ...broken(invariants),
      ...(await expected(stage, scenario)),
      ...((await scenario.check?.(stage)) ?? []),
    ];
    return { ...about, end, workers, seconds: took, invariants, problems };
  } catch (error) {
    const state = await stage?.describe().catch((lost: unknown) => String(lost));
    const problem = `${messageOf(error)}\n${state ?? ""}`;
    return { ...unplayed, seconds: seconds(), problems: [problem] };
  } finally {
    limit.clear();
    await stage?.close();
    await hosts.done(scenario, host);
  }
}

async function play(stage: Stage, scenario: Scenario): Promise<string | undefined> {
  if (scenario.kind === "fault") return scenario.play(stage);
  await playBehaviour(stage, scenario);
  return undefined;
}

async function withLimit<T>(work: Promise<T>, limit: AbortSignal, stage: Stage): Promise<T> {
  let leave: (() => void) | undefined;
  const late = new Promise<never>((_, reject) => {
    leave = () => {
      stage
        .describe()
        .catch((error: unknown) => String(error))
        .then((state) => reject(new Error(`it did not end within its limit\n${state}`)));
    };
    limit.addEventListener("abort", leave, { once: true });
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    if (leave) limit.removeEventListener("abort", leave);
  }
}

async function hostPids(stage: Stage, host: Host): Promise<number[]> {
  const pids = [await host.pid()];
  if (stage.host !== host) pids.push(await stage.host.pid());
  return pids;
}

function broken(verdict: Verdict): string[] {
  return INVARIANTS.flatMap((name) => verdict[name].map((breach) => `${name}: ${breach}`));
}

async function expected(stage: Stage, scenario: Scenario): Promise<string[]> {
  if (!scenario.worker) return [];
  const worker = (await stage.workers()).find(({ assignment }) => assignment.name === "bad");
  const status = worker?.status ?? "never dispatched";
  return (scenario.worker as readonly string[]).includes(status)
    ? []
    : [
        `the misbehaving Worker ended as ${status}, not as ${scenario.worker.join(" or ")}: ${JSON.stringify(worker).slice(-500)}`,
      ];
}

/**
 * Plays all of them, `lanes` at a time, in the order given. After `interrupt` none begins, and those that run are given up
 * and are no outcome; OpenCode and the model servers are ended in every case.
 */
export async function runAll(
  scenarios: readonly Scenario[],
  options: { lanes: number; seed: number; interrupt: AbortSignal; onEnd: (outcome: Outcome) => void },
): Promise<Outcome[]> {
  const hosts = new Hosts();
  const waiting = [...scenarios];
  const outcomes: Outcome[] = [];
  const lane = async () => {
    for (let next = waiting.shift(); next && !options.interrupt.aborted; next = waiting.shift()) {
      const outcome = await runScenario(next, hosts, options.seed, options.interrupt);
      if (options.interrupt.aborted) return;
      outcomes.push(outcome);
      options.onEnd(outcome);
    }
  };
  try {
    await Promise.all(Array.from({ length: options.lanes }, lane));
  } finally {
    await hosts.close();
  }
  const place = new Map(scenarios.map(({ name }, index) => [name, index]));
  return outcomes.sort((a, b) => (place.get(a.name) ?? 0) - (place.get(b.name) ?? 0));
}
