import { interval } from "../../../vllm/tune/interval.ts";
import type { Measurement } from "../../../vllm/tune/measure.ts";
import { type Dot, terminalPlot } from "../../../vllm/tune/plot.ts";
import { type Point, pointId, type Unfit } from "../../../vllm/tune/points.ts";
import { distinct, type Goals, paretoFront, strain } from "../../../vllm/tune/rank.ts";
import { type Trace, traceSize } from "../../../vllm/tune/trace.ts";
import { type Io, paint } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { fitted } from "../textWidth.ts";

/** One point with what is known of it. */
export interface Row {
  point: Point;
  predicted: Measurement;
  /** Every live measurement. */
  list: readonly Measurement[];
  /** Their mean; undefined where it was not measured. */
  measured: Measurement | undefined;
}

export interface TuneReport {
  recipe: string;
  trace: Trace;
  goals: Goals;
  rows: readonly Row[];
  /** Best first; only measured ones where it was live. */
  ranked: readonly Point[];
  /** As `start-vllm` would start now. */
  present: Point;
  unfit: readonly { point: Point; why: Unfit }[];
  live: boolean;
  livePoints: number;
  gridPoints: number;
  /** Version of the measured server. */
  server: string | undefined;
  written: string | undefined;
  svg: string | undefined;
}

/** Rows of the table; the rest is in `--json`. */
const SHOWN = 12;

const countsOf = (report: TuneReport, row: Row): Measurement | undefined =>
  report.live ? row.measured : row.predicted;
const find = (report: TuneReport, point: Point | undefined): Row | undefined =>
  point && report.rows.find((row) => pointId(row.point) === pointId(point));

function front(report: TuneReport): Set<string> {
  const counted = report.rows.flatMap((row) => {
    const measured = countsOf(report, row);
    return measured ? [{ point: row.point, measured }] : [];
  });
  return new Set(paretoFront(counted).map(({ point }) => pointId(point)));
}

/** The points as dots: `*` the best, `D` the present one, `o` on the Pareto front. */
export function dotsOf(report: TuneReport): Dot[] {
  const pareto = front(report);
  const [best] = report.ranked;
  const order = [".", "o", "D", "*"];
  return report.rows
    .flatMap((row): Dot[] => {
      const values = countsOf(report, row);
      if (!values) return [];
      const id = pointId(row.point);
      const mark =
        best && id === pointId(best) ? "*" : id === pointId(report.present) ? "D" : pareto.has(id) ? "o" : ".";
      return [{ x: values.itlMs.p95, y: values.tokensPerSecond, mark, label: id }];
    })
    .sort((a, b) => order.indexOf(a.mark) - order.indexOf(b.mark));
}

const plainPoint = (point: Point) => ({
  max_num_seqs: point.maxNumSeqs,
  max_num_batched_tokens: point.maxNumBatchedTokens,
  context: point.context,
  kv_dtype: point.kvDtype,
  gpu_memory_utilization: point.utilization,
});
const plainMeasurement = (one: Measurement) => ({
  tokens_per_second: one.tokensPerSecond,
  ttft_ms: one.ttftMs,
  itl_ms: one.itlMs,
  duration_ms: one.durationMs,
  requests: one.requests,
  failed: one.failed,
  output_tokens: one.outputTokens,
  cached_share: one.cachedShare ?? null,
  preemptions: one.preemptions ?? null,
});

function gainOf(report: TuneReport): number | undefined {
  const [best] = report.ranked;
  const [from, to] = [report.present, best].map((point) => {
    const row = find(report, point);
    return row && countsOf(report, row)?.tokensPerSecond;
  });
  return from && to ? to / from - 1 : undefined;
}

/** What `tune --json` prints. */
export function reportJson(report: TuneReport): Record<string, unknown> {
  const pareto = front(report);
  const place = new Map(report.ranked.map((point, index) => [pointId(point), index + 1]));
  const row = (one: Row) => {
    const counted = countsOf(report, one);
    return {
      ...plainPoint(one.point),
      predicted: plainMeasurement(one.predicted),
      measured: one.measured ? plainMeasurement(one.measured) : null,
      repeats: one.list.length,
      tokens_per_second_interval: interval(one.list.map(({ tokensPerSecond }) => tokensPerSecond)) ?? null,
      keeps_goals: counted ? strain(counted, report.goals) <= 1 : null,
      pareto: pareto.has(pointId(one.point)),
      rank: place.get(pointId(one.point)) ?? null,
    };
  };
  const best = find(report, report.ranked[0]);
  const present = find(report, report.present);
  return {
    ok: true,
    kind: report.live ? "live" : "simulation",
    server: report.server ?? null,
    recipe: report.recipe,
    trace: { name: report.trace.name, ...traceSize(report.trace) },
    goals: { ttft_p95_ms: report.goals.ttftP95, itl_p95_ms: report.goals.itlP95 },
    grid_points: report.gridPoints,
    live_points: report.livePoints,
    present: present ? row(present) : plainPoint(report.present),
    best: best ? row(best) : null,
    gain: gainOf(report) ?? null,
    points: [...report.rows]
      .sort((a, b) => (place.get(pointId(a.point)) ?? 1e9) - (place.get(pointId(b.point)) ?? 1e9))
      .map(row),
    unfit: report.unfit.map(({ point, why }) => ({ ...plainPoint(point), why })),
    written: report.written ?? null,
    svg: report.svg ?? null,
  };
}

function table(cells: readonly (readonly string[])[]): string[] {
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells.map((row) => row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join("  "));
}

function tableOf(io: Io, report: TuneReport): string[] {
  const pareto = front(report);
  const counted = report.ranked.flatMap((point) => {
    const measured = report.rows.flatMap((row) =>
      pointId(row.point) === pointId(point) ? [countsOf(report, row)] : [],
    )[0];
    return measured ? [{ point, measured }] : [];
  });
  const shown = distinct(counted)
    .slice(0, SHOWN)
    .map(({ point }) => point);
  if (!shown.some((point) => pointId(point) === pointId(report.present))) shown.push(report.present);
  const head = [
    "",
    "seqs",
    "tokens",
    "ctx",
    "kv",
    "mem",
    "tok/s",
    "TTFT p95",
    "ITL p95",
    "cached",
    say(io.lang, "tune.goal"),
  ];
  const rows = shown.flatMap((point, index) => {
    const row = find(report, point);
    const values = row && countsOf(report, row);
    if (!row || !values) return [];
    const spread = interval(row.list.map(({ tokensPerSecond }) => tokensPerSecond));
    const half = spread ? ` ±${((spread.high - spread.low) / 2).toFixed(0)}` : "";
    const mark =
      index === 0 ? "*" : pointId(point) === pointId(report.present) ? "D" : pareto.has(pointId(point)) ? "o" : "";
    return [
      [
        mark,
        String(point.maxNumSeqs),
        String(point.maxNumBatchedTokens),
        String(point.context),
        point.kvDtype,
        String(point.utilization),
        `${values.tokensPerSecond.toFixed(0)}${half}`,
        `${values.ttftMs.p95.toFixed(0)} ms`,
        `${values.itlMs.p95.toFixed(1)} ms`,
        values.cachedShare === undefined ? "?" : `${(values.cachedShare * 100).toFixed(0)} %`,
        say(io.lang, strain(values, report.goals) <= 1 ? "tune.kept" : "tune.missed"),
      ],
    ];
  });
  const [header = "", ...lines] = table([head, ...rows]);
  return [paint(io, "bold", header), ...lines];
}

function changes(io: Io, report: TuneReport): string[] {
  const [best] = report.ranked;
  if (!best) return [];
  const pairs = [
    ["AEGIS_BATCH", report.present.maxNumSeqs, best.maxNumSeqs],
    ["AEGIS_BATCHED_TOKENS", report.present.maxNumBatchedTokens, best.maxNumBatchedTokens],
    ["AEGIS_CTX", report.present.context, best.context],
    ["AEGIS_KV_DTYPE", report.present.kvDtype, best.kvDtype],
    ["AEGIS_MEM", report.present.utilization, best.utilization],
  ] as const;
  const different = pairs.filter(([, from, to]) => from !== to).map(([name, from, to]) => `${name} ${from} → ${to}`);
  if (different.length === 0) return [say(io.lang, "tune.asItIs")];
  const gain = gainOf(report);
  const percent = gain === undefined ? "?" : `${gain >= 0 ? "+" : ""}${(gain * 100).toFixed(1)} %`;
  const presentRow = find(report, report.present);
  const values = presentRow && countsOf(report, presentRow);
  const keeps = values === undefined || strain(values, report.goals) <= 1;
  return [
    say(io.lang, "tune.change", { changes: different.join(", "), gain: percent }),
    ...(keeps ? [] : [say(io.lang, "tune.presentMisses")]),
  ];
}

/** Prints a report for a person. */
export function printReport(io: Io, report: TuneReport): void {
  const size = traceSize(report.trace);
  const { goals } = report;
  const key = report.live
    ? report.server?.match(/simulat|script/)
      ? "tune.kindSimulatedServer"
      : "tune.kindLive"
    : "tune.kindSimulation";
  const [best] = report.ranked;
  const bestRow = find(report, best);
  const bestValues = bestRow && countsOf(report, bestRow);
  const lines = [
    paint(io, "bold", say(io.lang, "tune.title", { recipe: report.recipe, trace: report.trace.name })),
    say(io.lang, key, { points: report.livePoints, grid: report.gridPoints, version: report.server ?? "?" }),
    say(io.lang, "tune.workload", {
      sessions: size.sessions,
      requests: size.requests,
      prompt: size.promptTokens.toLocaleString("en-US"),
      output: size.outputTokens.toLocaleString("en-US"),
      ttft: goals.ttftP95,
      itl: goals.itlP95,
    }),
    "",
    ...tableOf(io, report),
    say(io.lang, "tune.legend"),
    "",
    ...terminalPlot(dotsOf(report), { x: "ITL p95 (ms)", y: "tok/s", width: 60, height: 12 }),
    "",
    ...(bestValues && strain(bestValues, goals) > 1 ? [paint(io, "yellow", say(io.lang, "tune.noneKeeps"))] : []),
    ...changes(io, report),
    ...(report.unfit.length === 0
      ? []
      : [
          say(io.lang, "tune.unfitCount", {
            count: report.unfit.length,
            why: [...new Set(report.unfit.map(({ why }) => why))]
              .map((why) => say(io.lang, `tune.unfit.${why}`))
              .join("; "),
          }),
        ]),
    ...(report.svg === undefined ? [] : [say(io.lang, "tune.svgWritten", { path: report.svg })]),
    report.written === undefined
      ? say(io.lang, "tune.notWritten")
      : say(io.lang, "tune.written", { path: report.written }),
  ];
  io.stdout.write(`${lines.map((line) => fitted(io, line, 2)).join("\n")}\n`);
}
