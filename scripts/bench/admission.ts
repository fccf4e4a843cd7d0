import { admit, initialAdmission } from "../../src/core/schedule/admission.ts";
import type { Admission, AdmissionEvent, AdmissionSettings } from "../../src/core/schedule/model.ts";
import { DEFAULT_ADMISSION } from "../../src/core/schedule/model.ts";
import { type Pool, poolOf } from "../../src/core/schedule/pool.ts";
import { DEFAULT_RECIPE, findRecipe } from "../../vllm/recipes/recipe.ts";
import { figures } from "../../vllm/scheduler/figures.ts";
import type { SchedulerSettings } from "../../vllm/scheduler/scheduler.ts";
import { pointOf, servedModel, settingsOf } from "../../vllm/tune/points.ts";
import { type SimulatedDoor, simulate } from "../../vllm/tune/simulate.ts";
import { DEFAULT_SWARM, swarmTrace } from "../../vllm/tune/swarmTrace.ts";
import { longestRequest, type Trace, tokensOf } from "../../vllm/tune/trace.ts";
import { finish, machine, progress, readArguments } from "./report.ts";

/** Against eight Workers whose requests all go at once. */
const GOALS = { scarceMakespan: 0.75, scarceCommanderTtft: 0.5, preemptions: 0, ampleMakespan: 1.03 };

/** How much KV cache there is, as a part of what the Workers' sessions hold at their largest. */
const PARTS = { scarce: 0.5, tighter: 0.4, tightest: 0.3, ample: 2 };

/** A cache so large that nothing is ever forgotten, in the same unit. */
const UNLIMITED = 8;

interface Run {
  /** To the end of the last Worker; the Commander's looks go on. */
  makespanMs: number;
  commanderTtftP95Ms: number;
  preemptions: number;
  cachedShare: number;
}

/**
 * Admission against a fixed number of Workers, on the modelled H200: 8 Workers with a Scout and a Librarian each, KV cache for
 * half of what the Workers' sessions hold at their largest, for less, and for twice that. All ratios within one seed's pair of
 * runs.
 */
export async function bench(args: readonly string[]): Promise<void> {
  const options = readArguments(args, { name: "seeds", fallback: 10 });
  const about = machine("none");
  const recipe = findRecipe(DEFAULT_RECIPE);
  if (!recipe) throw new Error(`there is no recipe ${DEFAULT_RECIPE}`);
  const model = servedModel(recipe, figures());
  const rows: ({ seed: number; bounds: Bounds } & Record<keyof typeof PARTS, Pair>)[] = [];
  for (let seed = 1; seed <= options.count; seed += 1) {
    const trace = swarmTrace({ ...DEFAULT_SWARM, librarians: true, seed });
    const served = settingsOf(model, pointOf(recipe), longestRequest(trace));
    if ("unfit" in served) throw new Error(`the recipe cannot serve the trace: ${served.unfit}`);
    const all = trace.sessions.reduce((sum, { role, turns }) => {
      if (role !== "worker") return sum;
      const last = turns.at(-1);
      return sum + (last ? tokensOf(last.prompt) + last.output.tokens : 0);
    }, 0);
    const requestMs = model.figures.requestMs.value;
    const pair = (part: number): Pair => {
      const tokens = Math.round(all * part);
      const settings: SchedulerSettings = { ...served.settings, blocks: blocksFor(tokens, served.settings) };
      return { plain: play(trace, settings, requestMs), held: play(trace, settings, requestMs, shownPool(settings)) };
    };
    const scarce = pair(PARTS.scarce);
    const tokens = Math.round(all * PARTS.scarce);
    const scarcePool = shownPool({ ...served.settings, blocks: blocksFor(tokens, served.settings) });
    const unlimited = { ...served.settings, blocks: blocksFor(all * UNLIMITED, served.settings) };
    const row = {
      seed,
      scarce,
      bounds: {
        nothingReadAgain: play(trace, unlimited, requestMs, scarcePool).makespanMs / scarce.plain.makespanMs,
        everythingFits: play(trace, unlimited, requestMs).makespanMs / scarce.plain.makespanMs,
      },
      tighter: pair(PARTS.tighter),
      tightest: pair(PARTS.tightest),
      ample: pair(PARTS.ample),
    };
    rows.push(row);
    progress(
      `seed ${seed}: scarce ${ratio(row.scarce, "makespanMs").toFixed(2)}, Commander ${ratio(row.scarce, "commanderTtftP95Ms").toFixed(2)}, ` +
        `preempted ${row.scarce.plain.preemptions} → ${row.scarce.held.preemptions}; ample ${ratio(row.ample, "makespanMs").toFixed(2)}`,
    );
  }
  const of = (read: (row: (typeof rows)[number]) => number) => {
    const sorted = rows.map(read).sort((a, b) => a - b);
    return { median: medianOf(sorted), least: sorted[0] ?? 0, most: sorted.at(-1) ?? 0 };
  };
  const beside = (name: "tighter" | "tightest") => ({
    [`${name}Makespan`]: of((row) => ratio(row[name], "makespanMs")),
    [`${name}CommanderTtft`]: of((row) => ratio(row[name], "commanderTtftP95Ms")),
    [`${name}Preemptions`]: of((row) => row[name].held.preemptions),
  });
  const figuresOf = {
    scarceMakespan: of(({ scarce }) => ratio(scarce, "makespanMs")),
    scarceCommanderTtft: of(({ scarce }) => ratio(scarce, "commanderTtftP95Ms")),
    preemptions: of(({ scarce }) => scarce.held.preemptions),
    ampleMakespan: of(({ ample }) => ratio(ample, "makespanMs")),
  };
  const met = Object.entries(GOALS).every(([name, goal]) => figuresOf[name as keyof typeof GOALS].median <= goal);
  const result = {
    bench: "admission",
    machine: about,
    recipe: recipe.id,
    seeds: options.count,
    parts: PARTS,
    figures: figuresOf,
    beside: { ...beside("tighter"), ...beside("tightest") },
    bounds: {
      nothingReadAgain: of(({ bounds }) => bounds.nothingReadAgain),
      everythingFits: of(({ bounds }) => bounds.everythingFits),
    },
    rows,
    goals: GOALS,
    met,
  };
  finish(
    result,
    Object.entries({ ...figuresOf, ...result.beside, ...result.bounds }).map(([name, { median, least, most }]) => {
      const goal = GOALS[name as keyof typeof GOALS];
      const figure = `${name.padEnd(22)} ${median.toFixed(3)} (${least.toFixed(2)} to ${most.toFixed(2)})`;
      return goal === undefined ? figure : `${figure}, goal ${goal}`;
    }),
    options.json,
  );
}

/** What no admission can beat at `scarce`, as parts of the makespan without one. */
interface Bounds {
  /** The same places, and a cache that forgets nothing. */
  nothingReadAgain: number;
  /** A cache for all. */
  everythingFits: number;
}

interface Pair {
  plain: Run;
  held: Run;
}

/** Of sorted values: the middle one, or the mean of the two there are. */
function medianOf(sorted: readonly number[]): number {
  const upper = sorted[sorted.length >> 1] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[(sorted.length >> 1) - 1] ?? upper)) / 2;
}

function ratio({ plain, held }: Pair, name: "makespanMs" | "commanderTtftP95Ms"): number {
  return held[name] / plain[name];
}

/** Blocks that hold so many tokens of sessions of the full context, as vLLM states a pool's size. */
function blocksFor(tokens: number, settings: SchedulerSettings): number {
  const { maxModelLen, blockSize, attentionGroups, stateGroups, stateBlocksPerGroup } = settings;
  const request = Math.ceil(maxModelLen / blockSize) * attentionGroups + stateGroups * stateBlocksPerGroup;
  return Math.ceil((tokens / maxModelLen) * request);
}

/** What a server of these settings would say of its pool. */
function shownPool({ blocks, blockSize, maxModelLen, ...rest }: SchedulerSettings): Pool | undefined {
  const ofRequest =
    Math.ceil(maxModelLen / blockSize) * rest.attentionGroups + rest.stateGroups * rest.stateBlocksPerGroup;
  const maxConcurrency = blocks / ofRequest;
  return poolOf({ blockSize, blocks, maxConcurrency, kvCacheTokens: Math.floor(maxConcurrency * maxModelLen) });
}

/** @param pool what the server says of its pool; given, requests wait for admission. */
function play(trace: Trace, settings: SchedulerSettings, requestMs: number, pool?: Pool): Run {
  const commander: number[] = [];
  let lastEnd = 0;
  const door = pool && admissionDoor(pool, settings.maxNumSeqs);
  const measured = simulate(trace, settings, requestMs, {
    ...(door ? { door } : {}),
    heard: (session, ttftMs) => {
      if (session.role === "commander") commander.push(ttftMs);
    },
    ended: (session, at) => {
      if (session.role !== "commander") lastEnd = Math.max(lastEnd, at);
    },
  });
  commander.sort((a, b) => a - b);
  return {
    makespanMs: lastEnd,
    commanderTtftP95Ms: commander[Math.min(commander.length - 1, Math.floor(commander.length * 0.95))] ?? 0,
    preemptions: measured.preemptions ?? 0,
    cachedShare: measured.cachedShare ?? 0,
  };
}

/** The product's own admission before the modelled server. */
function admissionDoor(pool: Pool, maxRequests: number): SimulatedDoor {
  const settings: AdmissionSettings = { ...DEFAULT_ADMISSION, staticLimit: maxRequests, maxRequests };
  let state: Admission = initialAdmission(settings);
  const cache = { kvTokens: pool.tokens, sessionTokens: pool.perSession };
  let ready: string[] = [];
  const happen = (event: AdmissionEvent) => {
    const step = admit(state, event, settings);
    state = step.state;
    ready.push(...step.go);
  };
  happen({ type: "load", at: 0, load: { at: 0, running: 0, waiting: 0, kvUsage: 0, preemptions: 0, ...cache } });
  return {
    arrived: ({ id, session, tokens, parent, at }) =>
      happen({
        type: "arrived",
        at,
        request: id,
        session: session.id,
        owner: "swarm",
        role: session.role === "other" ? "job" : session.role,
        tokens,
        ...(parent ? { parent: parent.id } : {}),
      }),
    left: (request, at) => happen({ type: "left", at, request }),
    ended: (session, at) => happen({ type: "ended", at, session: session.id }),
    load: (load, at) => happen({ type: "load", at, load: { at, ...load, ...cache } }),
    take() {
      const go = ready;
      ready = [];
      return go;
    },
  };
}
