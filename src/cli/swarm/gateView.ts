import { GateLog } from "../../adapters/log/gateLog.ts";
import type { GateRow, GateSummary } from "../../core/gate/gateSummary.ts";
import { summariseGate } from "../../core/gate/gateSummary.ts";
import type { Percentiles } from "../../core/gate/percentiles.ts";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";

/** What the model gate did since a swarm began; undefined where it saw no request. */
export async function gateSince(stateDir: string, since: number): Promise<GateSummary | undefined> {
  const summary = summariseGate(await new GateLog(stateDir).read(), since);
  return Object.keys(summary.byRole).length === 0 ? undefined : summary;
}

/** The same for programs: what has no figure is null. */
export function gateData(summary: GateSummary | undefined) {
  if (!summary) return null;
  const row = (from: GateRow) => ({
    ...from,
    queueMs: from.queueMs ?? null,
    firstTokenMs: from.firstTokenMs ?? null,
    interTokenMs: from.interTokenMs ?? null,
  });
  const rows = (from: Record<string, GateRow>) =>
    Object.fromEntries(Object.entries(from).map(([name, each]) => [name, row(each)]));
  return { all: row(summary.all), byRole: rows(summary.byRole), byProvider: rows(summary.byProvider) };
}

/** One line of what happened, and one for each role. */
export function gateLines(io: Io, { all, byRole }: GateSummary): string[] {
  const text = (key: Parameters<typeof say>[1], parameters: Record<string, string | number> = {}) =>
    say(io.lang, key, parameters);
  const repairs = Object.entries(all.repairs).sort(([, a], [, b]) => b - a);
  const told = [
    text("swarm.gate.answered", { count: all.answered }),
    ...(all.spared > 0 ? [text("swarm.gate.spared", { count: all.spared })] : []),
    ...(all.retries > 0 ? [text("swarm.gate.retries", { count: all.retries })] : []),
    ...(all.failed > 0 ? [text("swarm.gate.failed", { count: all.failed })] : []),
    ...(all.refused > 0 ? [text("swarm.gate.refused", { count: all.refused })] : []),
    ...(all.runaways > 0 ? [text("swarm.gate.runaways", { count: all.runaways })] : []),
    ...(repairs.length > 0
      ? [text("swarm.gate.repairs", { list: repairs.map(([kind, times]) => `${kind} ${times}`).join(", ") })]
      : []),
  ];
  return [
    `${text("swarm.gate.head")} ${told.join(" · ")}`,
    ...Object.entries(byRole)
      .filter(([, row]) => row.answered > 0)
      .map(([role, row]) => `  ${role.padEnd(10)} ${figures(row, text).join(" · ")}`),
  ];
}

function figures(
  row: GateRow,
  text: (key: Parameters<typeof say>[1], parameters?: Record<string, string | number>) => string,
): string[] {
  const { tokens } = row;
  const share = tokens.prompt > 0 ? Math.round((100 * tokens.cached) / tokens.prompt) : 0;
  return [
    text("swarm.gate.answered", { count: row.answered }),
    ...spread(row.queueMs, (values) => text("swarm.gate.queue", values)),
    ...spread(row.firstTokenMs, (values) => text("swarm.gate.firstToken", values)),
    ...spread(row.interTokenMs, (values) => text("swarm.gate.interToken", values)),
    ...(tokens.counted > 0
      ? [text("swarm.gate.tokens", { prompt: short(tokens.prompt), share, output: short(tokens.output) })]
      : []),
  ];
}

function spread(from: Percentiles | undefined, say: (values: { p50: string; p95: string }) => string): string[] {
  return from ? [say({ p50: time(from.p50), p95: time(from.p95) })] : [];
}

const time = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);

const short = (tokens: number): string =>
  tokens < 1000 ? String(tokens) : tokens < 1e6 ? `${(tokens / 1e3).toFixed(1)}k` : `${(tokens / 1e6).toFixed(1)}M`;
