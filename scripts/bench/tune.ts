import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Io } from "../../src/cli/io.ts";
import { withOwnServer } from "../../src/cli/tuning/ownServer.ts";
import { DEFAULT_RECIPE, findRecipe } from "../../vllm/recipes/recipe.ts";
import { figures } from "../../vllm/scheduler/figures.ts";
import { halve } from "../../vllm/tune/halving.ts";
import { mean } from "../../vllm/tune/interval.ts";
import { playTrace } from "../../vllm/tune/live.ts";
import type { Measurement } from "../../vllm/tune/measure.ts";
import { gridPoints, type Point, pointId, pointOf, servedModel } from "../../vllm/tune/points.ts";
import { predict } from "../../vllm/tune/predict.ts";
import { distinct, rankPoints, strain } from "../../vllm/tune/rank.ts";
import { DEFAULT_SWARM, swarmTrace } from "../../vllm/tune/swarmTrace.ts";
import { finish, machine, progress } from "./report.ts";

/** As good as the grid's best, and the part of its live points that may be measured for it. */
const GOAL = { quality: 0.95, points: 0.15 };
/** Where no goal is given: so much of what the present setting was measured at, which therefore misses it. */
const TIGHTER = 0.85;

/**
 * Whether the prediction spares the measurements: the whole grid is measured on the simulated server over HTTP, then the
 * tuner measures what its simulation ranked. The server plays a GPU up to 30 % unlike the figures the simulation uses.
 */
export async function bench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: "boolean", default: false },
      scale: { type: "string", default: "virtual" },
      skew: { type: "string", default: "7" },
      turns: { type: "string", default: "4" },
      ttft: { type: "string" },
      itl: { type: "string", default: "50" },
    },
  });
  const about = machine("none");
  const recipe = findRecipe(DEFAULT_RECIPE);
  if (!recipe) throw new Error(`there is no recipe ${DEFAULT_RECIPE}`);
  const trace = swarmTrace({ ...DEFAULT_SWARM, turns: Number(values.turns) });
  const sessions = trace.sessions.length;
  const grid = gridPoints({
    maxNumSeqs: [4, 8, 16, 24, 32],
    maxNumBatchedTokens: [2048, 4096, 8192, 16_384],
    context: [131_072],
    kvDtype: ["bf16", "fp8"],
    utilization: [recipe.utilization],
  });
  const present = pointOf(recipe);
  const home = mkdtempSync(join(tmpdir(), "omq-tune-"));
  const quiet = { write: () => undefined };
  const io: Io = {
    stdout: quiet,
    stderr: quiet,
    env: {
      PATH: process.env.PATH,
      HOME: home,
      OMQ_SIMULATE_SCALE: values.scale,
      OMQ_SIMULATE_SKEW: values.skew,
    },
    cwd: home,
    isTTY: false,
    lang: "en",
    colour: false,
    signal: new AbortController().signal,
    readStdin: () => Promise.resolve(""),
    ask: () => Promise.resolve(undefined),
  };
  let salt = 0;
  const measure = (point: Point, count: number, tell: (one: Measurement) => Promise<void> | void) =>
    withOwnServer(io, point, { recipe: recipe.id, simulated: true }, async (server) => {
      for (let index = 0; index < count; index += 1) {
        salt += 1;
        await tell(await playTrace(trace, server, { salt: String(salt), time: server.time }));
      }
    });
  try {
    const { fits } = await predict(servedModel(recipe, figures()), trace, grid, () => true);
    const whole: { point: Point; measured: Measurement }[] = [];
    for (const { point } of fits) {
      await measure(point, 1, (measured) => {
        whole.push({ point, measured });
        const { tokensPerSecond, ttftMs, itlMs } = measured;
        progress(
          `${whole.length}/${fits.length} ${pointId(point)}: ${tokensPerSecond} tok/s, TTFT p95 ${ttftMs.p95}, ITL p95 ${itlMs.p95}`,
        );
      });
    }
    const asItIs = whole.find(({ point }) => pointId(point) === pointId(present))?.measured;
    const tighter = Math.round(TIGHTER * (asItIs?.ttftMs.p95 ?? 0));
    const goals = { ttftP95: Number(values.ttft ?? tighter), itlP95: Number(values.itl) };
    progress(`goals: TTFT p95 ${goals.ttftP95} ms, ITL p95 ${goals.itlP95} ms`);
    const budget = Math.floor(GOAL.points * fits.length);
    const chosen = distinct(rankPoints(fits, { goals, sessions, present })).map(({ point }) => point);
    const points = [present, ...chosen.filter((point) => pointId(point) !== pointId(present))].slice(0, budget);
    progress(`the tuner measures ${points.length} of ${fits.length}`);
    const live = await halve({
      points,
      goals,
      repeats: 2,
      known: new Map(),
      measure: (point, count, tell) => measure(point, count, tell),
      save: () => Promise.resolve(),
    });
    const tuned = points.flatMap((point) => {
      const list = live.get(pointId(point)) ?? [];
      return list.length === 0 ? [] : [{ point, measured: mean(list) }];
    });
    const inGrid = (point: Point | undefined) => whole.find((one) => point && pointId(one.point) === pointId(point));
    const ranked = rankPoints(whole, { goals, sessions, present });
    const keep = ranked.filter(({ measured }) => strain(measured, goals) <= 1);
    const best = keep.reduce(
      (a, b) => (b.measured.tokensPerSecond > (a?.measured.tokensPerSecond ?? 0) ? b : a),
      keep[0],
    );
    const pick = inGrid(rankPoints(tuned, { goals, sessions, present })[0]?.point);
    const keepsGoals = pick !== undefined && strain(pick.measured, goals) <= 1;
    const quality = pick && best ? pick.measured.tokensPerSecond / best.measured.tokensPerSecond : 0;
    const presentKeeps = asItIs !== undefined && strain(asItIs, goals) <= 1;
    const met = keepsGoals && quality >= GOAL.quality && points.length / fits.length <= GOAL.points && !presentKeeps;
    const result = {
      bench: "tune",
      machine: about,
      server: "simulated, a GPU unlike the figures",
      scale: values.scale,
      turns: Number(values.turns),
      skew: Number(values.skew),
      sessions,
      goals,
      gridPoints: fits.length,
      livePoints: points.length,
      keepingGoals: keep.length,
      best: best && { id: pointId(best.point), ...best.measured },
      pick: pick && { id: pointId(pick.point), ...pick.measured, keepsGoals },
      present: asItIs && { id: pointId(present), ...asItIs, keepsGoals: presentKeeps },
      quality: Number(quality.toFixed(4)),
      goal: GOAL,
      met,
    };
    const row = (name: string, one: { point: Point; measured: Measurement } | undefined) =>
      one
        ? `${name.padEnd(10)} ${pointId(one.point)}: ${one.measured.tokensPerSecond} tok/s, TTFT p95 ${one.measured.ttftMs.p95} ms, ITL p95 ${one.measured.itlMs.p95} ms, ${strain(one.measured, goals) <= 1 ? "keeps the goals" : "misses the goals"}`
        : `${name.padEnd(10)} none`;
    finish(
      result,
      [
        row("best", best),
        row("tuned", pick),
        row("present", inGrid(present)),
        `tuned ÷ best ${quality.toFixed(3)}, ${points.length} of ${fits.length} points measured; ${keep.length} keep the goals`,
        met ? "all goals met" : "a goal was missed",
      ],
      values.json,
    );
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
