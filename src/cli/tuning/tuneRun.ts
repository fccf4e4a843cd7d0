import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setImmediate as breathe } from "node:timers/promises";
import { readMetrics } from "../../../src/adapters/modelServer/metricsPoller.ts";
import type { KvDtype } from "../../../vllm/capacity/blocks.ts";
import { figures } from "../../../vllm/scheduler/figures.ts";
import { writePoint } from "../../../vllm/tune/aegisEnvFile.ts";
import { halve } from "../../../vllm/tune/halving.ts";
import { mean } from "../../../vllm/tune/interval.ts";
import { playTrace } from "../../../vllm/tune/live.ts";
import type { Measurement } from "../../../vllm/tune/measure.ts";
import { svgPlot } from "../../../vllm/tune/plot.ts";
import { defaultGrid, gridPoints, type Point, pointId, servedModel } from "../../../vllm/tune/points.ts";
import { predict } from "../../../vllm/tune/predict.ts";
import { distinct, type Goals, rankPoints, strain } from "../../../vllm/tune/rank.ts";
import { readRequests } from "../../../vllm/tune/recordedTrace.ts";
import { readRun, runKey, saveRun } from "../../../vllm/tune/savedRun.ts";
import { REAL_TIME, serverIdentity, type TimeKind } from "../../../vllm/tune/servedTime.ts";
import { DEFAULT_SWARM, swarmTrace } from "../../../vllm/tune/swarmTrace.ts";
import type { Trace } from "../../../vllm/tune/trace.ts";
import { messageOf } from "../../ports/thrown.ts";
import { CliFailure } from "../failure.ts";
import { type Io, writeJson } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { findProjectRoot } from "../projectRoot.ts";
import { serveCommand } from "../serving/serveCommand.ts";
import { vllmStateDir } from "../serving/stateDir.ts";
import { withOwnServer } from "./ownServer.ts";
import { type Progress, progressOn } from "./progress.ts";
import { dotsOf, printReport, type Row, reportJson, type TuneReport } from "./tuneReport.ts";

export interface TuneFlags {
  simulate?: boolean;
  live?: boolean;
  start?: boolean;
  simulatedServer?: boolean;
  baseUrl?: string;
  recipe?: string;
  workers: number;
  librarians?: boolean;
  turns?: number;
  requests?: string;
  ttftP95: number;
  itlP95: number;
  seqs?: number[];
  batchedTokens?: number[];
  ctx?: number[];
  kvDtypes?: KvDtype[];
  mem?: number[];
  points?: number;
  repeats: number;
  fresh?: boolean;
  write?: boolean;
  svg?: string;
  json?: boolean;
}

/** Part of the grid that is measured live where the person does not say. */
const LIVE_SHARE = 0.15;
/** A live point is three plays of the trace and a start: short ones say enough. */
const LIVE_TURNS = 4;

async function traceOf(io: Io, flags: TuneFlags): Promise<Trace> {
  if (flags.requests !== undefined) {
    try {
      return readRequests(await readFile(resolve(io.cwd, flags.requests), "utf8"), flags.requests);
    } catch (error) {
      const reason = messageOf(error);
      throw new CliFailure(say(io.lang, "tune.unreadable", { file: flags.requests, reason }), {
        next: say(io.lang, "tune.unreadable.next"),
      });
    }
  }
  const turns = flags.turns ?? (flags.live ? LIVE_TURNS : DEFAULT_SWARM.turns);
  return swarmTrace({ ...DEFAULT_SWARM, workers: flags.workers, librarians: flags.librarians === true, turns });
}

/** Plays the first turns only: graphs, caches of the client and connections are warm after it. */
const warmUp = (trace: Trace): Trace => ({
  ...trace,
  sessions: trace.sessions.map((one) => ({
    ...one,
    turns: one.turns.slice(0, 1).map((turn) => ({ ...turn, output: { ...turn.output, tokens: 8 }, spawns: [] })),
  })),
});

async function measureOn(
  trace: Trace,
  server: Parameters<typeof playTrace>[1] & { time: TimeKind },
  count: number,
  tell: (one: Measurement) => Promise<void>,
): Promise<void> {
  const salt = () => `${Date.now().toString(36)}${Math.random().toString(36).slice(2)}`;
  const { time } = server;
  await playTrace(warmUp(trace), server, { salt: salt(), time });
  for (let index = 0; index < count; index += 1) await tell(await playTrace(trace, server, { salt: salt(), time }));
}

/** Measures a server somebody else started, as it is. */
async function measureForeign(
  io: Io,
  flags: TuneFlags,
  trace: Trace,
  present: Point,
  model: string,
  progress: Progress,
) {
  const baseUrl = (flags.baseUrl ?? "").replace(/\/$/, "");
  const identity = await serverIdentity(baseUrl, io.signal);
  const reading = await readMetrics({ baseUrl, signal: io.signal });
  if (!identity && !reading.ok)
    throw new CliFailure(say(io.lang, "tune.noServer", { url: baseUrl, reason: reading.ok ? "" : reading.reason }), {
      next: say(io.lang, "tune.noServer.next"),
    });
  const cache = reading.ok ? reading.snapshot.cache : undefined;
  const point: Point = {
    ...present,
    ...(cache?.utilization === undefined ? {} : { utilization: cache.utilization }),
    ...(cache?.dtype === undefined ? {} : { kvDtype: cache.dtype.startsWith("fp8") ? "fp8" : "bf16" }),
  };
  const list: Measurement[] = [];
  const server = { baseUrl, model, apiKey: io.env.AEGIS_API_KEY || undefined, signal: io.signal };
  await measureOn(trace, { ...server, time: identity?.time ?? REAL_TIME }, flags.repeats, (one) => {
    list.push(one);
    progress.step(list.length);
    return Promise.resolve();
  });
  return { point, list, version: identity?.version };
}

/** Tunes: predicts every point, measures the promising ones where told to, and says what to change. Throws CliFailure. */
export async function runTune(io: Io, flags: TuneFlags): Promise<void> {
  if (flags.simulate && flags.live) throw new CliFailure(say(io.lang, "tune.both"), { exitCode: 2 });
  const own = flags.start === true || flags.simulatedServer === true;
  if (own && !flags.live) throw new CliFailure(say(io.lang, "tune.startNeedsLive"), { exitCode: 2 });
  const { recipe, settings, host, port, servedName } = await serveCommand(io, flags.recipe, []);
  if (recipe.gpu === null) throw new CliFailure(say(io.lang, "tune.noGpu", { recipe: recipe.id }), { exitCode: 2 });
  const trace = await traceOf(io, flags);
  const model = servedModel(recipe, figures());
  const goals: Goals = { ttftP95: flags.ttftP95, itlP95: flags.itlP95 };
  const present: Point = {
    maxNumSeqs: settings.maxNumSeqs,
    maxNumBatchedTokens: settings.maxNumBatchedTokens,
    context: settings.context,
    kvDtype: settings.kvCacheDtype.startsWith("fp8") ? "fp8" : "bf16",
    utilization: settings.utilization,
  };
  const usual = defaultGrid(recipe);
  const grid = gridPoints({
    maxNumSeqs: flags.seqs ?? usual.maxNumSeqs,
    maxNumBatchedTokens: flags.batchedTokens ?? usual.maxNumBatchedTokens,
    context: flags.ctx ?? usual.context,
    kvDtype: flags.kvDtypes ?? usual.kvDtype,
    utilization: flags.mem ?? usual.utilization,
  });
  const points = [present, ...grid.filter((one) => pointId(one) !== pointId(present))];
  const progress = progressOn(io, say(io.lang, "tune.predicting"), points.length);
  const { fits, unfit } = await predict(model, trace, points, async (done) => {
    progress.step(done);
    // Ctrl-C is heard between two points.
    await breathe();
    return !io.signal.aborted;
  });
  progress.end();
  io.signal.throwIfAborted();
  if (fits.length === 0) {
    const [first] = unfit;
    throw new CliFailure(
      say(io.lang, "tune.nothingFits", { why: say(io.lang, `tune.unfit.${first?.why ?? "pool"}`) }),
      {
        next: say(io.lang, "tune.nothingFits.next"),
      },
    );
  }
  const ranked = rankPoints(fits, { goals, sessions: trace.sessions.length, present });
  const measured = new Map<string, Measurement[]>();
  let server: string | undefined;
  let livePoints = 0;
  if (flags.live && !own) {
    const baseUrl = flags.baseUrl ?? `http://${host}:${port}/v1`;
    const live = progressOn(io, say(io.lang, "tune.measuring"), flags.repeats);
    const { point, list, version } = await measureForeign(io, { ...flags, baseUrl }, trace, present, servedName, live);
    live.end();
    measured.set(pointId(point), list);
    server = version;
    livePoints = 1;
    if (!fits.some((one) => pointId(one.point) === pointId(point))) Object.assign(present, point);
  } else if (flags.live) {
    const budget = flags.points ?? Math.max(3, Math.floor(LIVE_SHARE * grid.length));
    const chosen = [
      present,
      ...distinct(ranked)
        .map(({ point }) => point)
        .filter((one) => pointId(one) !== pointId(present)),
    ];
    const list = chosen.slice(0, Math.max(1, budget));
    livePoints = list.length;
    const key = runKey({
      recipe: recipe.id,
      trace,
      simulated: flags.simulatedServer === true,
      skew: io.env.OMQ_SIMULATE_SKEW,
      scale: io.env.OMQ_SIMULATE_SCALE,
    });
    const path = join(vllmStateDir(io), "tune", `${key}.json`);
    const known = flags.fresh ? new Map<string, Measurement[]>() : await readRun(path, key);
    if (known.size > 0) io.stderr.write(`${say(io.lang, "tune.resumed", { count: known.size, path })}\n`);
    const live = progressOn(io, say(io.lang, "tune.measuring"), list.length + Math.ceil((list.length - 1) / 2) + 1);
    let done = 0;
    try {
      const all = await halve({
        points: list,
        goals,
        repeats: flags.repeats,
        known,
        measure: (point, count, tell) =>
          withOwnServer(io, point, { recipe: recipe.id, simulated: flags.simulatedServer === true }, async (one) => {
            server = one.version;
            await measureOn(trace, one, count, tell);
          }),
        save: async (now) => {
          done += 1;
          live.step(done);
          await saveRun(path, key, now);
        },
      });
      for (const point of list) {
        const found = all.get(pointId(point));
        if (found) measured.set(pointId(point), found);
      }
    } catch (error) {
      if (io.signal.aborted) io.stderr.write(`\n${say(io.lang, "tune.interrupted", { path })}\n`);
      throw error;
    } finally {
      live.end();
    }
  }
  const rows = fits.map(({ point, measured: predicted }): Row => {
    const list = measured.get(pointId(point)) ?? [];
    return { point, predicted, list, measured: list.length === 0 ? undefined : mean(list) };
  });
  const report: TuneReport = {
    recipe: recipe.id,
    trace,
    goals,
    rows,
    ranked: flags.live
      ? rankPoints(
          rows.flatMap((row) => (row.measured ? [{ ...row, measured: row.measured }] : [])),
          { goals, sessions: trace.sessions.length, present },
        ).map(({ point }) => point)
      : ranked.map(({ point }) => point),
    present,
    unfit,
    live: flags.live === true,
    livePoints,
    gridPoints: grid.length,
    server,
    written: undefined,
    svg: undefined,
  };
  const [best] = report.ranked;
  if (flags.svg !== undefined) {
    report.svg = resolve(io.cwd, flags.svg);
    await writeFile(
      report.svg,
      svgPlot(dotsOf(report), { title: `${recipe.title}: ${trace.name}`, x: "ITL p95 (ms)", y: "tokens/s" }),
    );
  }
  if (flags.write && best) {
    const root = (await findProjectRoot(io.cwd)) ?? io.cwd;
    report.written = join(root, "vllm", "aegis.env");
    const row = rows.find((one) => pointId(one.point) === pointId(best));
    const shown = row?.measured ?? row?.predicted;
    await writePoint(report.written, best, [
      `${flags.live ? "measured" : "predicted by simulation, not measured"} with \`oh-my-qwencoder tune\` for ${recipe.id}, ${trace.name} (${trace.sessions.length} sessions)`,
      `${shown?.tokensPerSecond} tokens/s, first token p95 ${shown?.ttftMs.p95} ms, between tokens p95 ${shown?.itlMs.p95} ms; goals ${goals.ttftP95} and ${goals.itlP95} ms${shown && strain(shown, goals) <= 1 ? "" : " (missed)"}`,
    ]);
  }
  if (flags.json) writeJson(io, reportJson(report));
  else printReport(io, report);
}
