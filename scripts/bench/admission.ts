import { admit, initialAdmission } from "../../src/core/schedule/admission.ts";
import type { Admission, AdmissionEvent, AdmissionSettings } from "../../src/core/schedule/model.ts";
import { DEFAULT_ADMISSION } from "../../src/core/schedule/model.ts";
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

interface Run {
  makespanMs: number;
  commanderTtftP95Ms: number;
  preemptions: number;
  cachedShare: number;
}

/**
 * Admission against a fixed number of Workers, on the modelled H200: 8 Workers with a Scout and a Librarian each, KV cache for
 * half of what the Workers' sessions hold at their largest, and for four times that. All ratios within one seed's pair of runs.
 */
export async function bench(args: readonly string[]): Promise<void> {
  const options = readArguments(args, { name: "seeds", fallback: 10 });
  const about = machine("none");
  const recipe = findRecipe(DEFAULT_RECIPE);
  if (!recipe) throw new Error(`there is no recipe ${DEFAULT_RECIPE}`);
  const model = servedModel(recipe, figures());
  const rows: { seed: number; scarce: Pair; ample: Pair }[] = [];
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
      return { plain: play(trace, settings, requestMs), held: play(trace, settings, requestMs, tokens) };
    };
    const row = { seed, scarce: pair(0.5), ample: pair(2) };
    rows.push(row);
    progress(
      `seed ${seed}: scarce ${ratio(row.scarce, "makespanMs").toFixed(2)}, Commander ${ratio(row.scarce, "commanderTtftP95Ms").toFixed(2)}, ` +
        `preempted ${row.scarce.plain.preemptions} → ${row.scarce.held.preemptions}; ample ${ratio(row.ample, "makespanMs").toFixed(2)}`,
    );
  }
  const of = (read: (row: (typeof rows)[number]) => number) => {
    const sorted = rows.map(read).sort((a, b) => a - b);
    return { median: sorted[sorted.length >> 1] ?? 0, least: sorted[0] ?? 0, most: sorted.at(-1) ?? 0 };
  };
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
    figures: figuresOf,
    rows,
    goals: GOALS,
    met,
  };
  finish(
    result,
    Object.entries(figuresOf).map(
      ([name, { median, least, most }]) =>
        `${name.padEnd(20)} ${median.toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)}), goal ${GOALS[name as keyof typeof GOALS]}`,
    ),
    options.json,
  );
}

interface Pair {
  plain: Run;
  held: Run;
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

/** @param kvTokens the pool's size; given, requests wait for admission. */
function play(trace: Trace, settings: SchedulerSettings, requestMs: number, kvTokens?: number): Run {
  const commander: number[] = [];
  const door = kvTokens === undefined ? undefined : admissionDoor(kvTokens, settings.maxNumSeqs);
  const measured = simulate(trace, settings, requestMs, {
    ...(door ? { door } : {}),
    heard: (session, ttftMs) => {
      if (session.role === "commander") commander.push(ttftMs);
    },
  });
  commander.sort((a, b) => a - b);
  return {
    makespanMs: measured.durationMs,
    commanderTtftP95Ms: commander[Math.min(commander.length - 1, Math.floor(commander.length * 0.95))] ?? 0,
    preemptions: measured.preemptions ?? 0,
    cachedShare: measured.cachedShare ?? 0,
  };
}

/** The product's own admission before the modelled server. */
function admissionDoor(kvTokens: number, maxRequests: number): SimulatedDoor {
  const settings: AdmissionSettings = { ...DEFAULT_ADMISSION, staticLimit: maxRequests, maxRequests };
  let state: Admission = initialAdmission(settings);
  let ready: string[] = [];
  const happen = (event: AdmissionEvent) => {
    const step = admit(state, event, settings);
    state = step.state;
    ready.push(...step.go);
  };
  happen({ type: "load", at: 0, load: { at: 0, running: 0, waiting: 0, kvUsage: 0, preemptions: 0, kvTokens } });
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
    load: (load, at) => happen({ type: "load", at, load: { at, ...load, kvTokens } }),
    take() {
      const go = ready;
      ready = [];
      return go;
    },
  };
}
