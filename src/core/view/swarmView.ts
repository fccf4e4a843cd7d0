import type { FusionState } from "../routing/fusionState.ts";
import { stillHolds } from "../routing/limits/usage.ts";
import type { LimitWindow } from "../routing/limits/window.ts";
import type { UsageCell } from "../tracking/timeBucket.ts";
import { trafficOf } from "../tracking/usageBook.ts";
import type { LiveView, WorkerRow } from "../workflow/dashboard.ts";
import { workerRows } from "../workflow/dashboard.ts";
import { type Halt, haltOf } from "../workflow/halt.ts";
import { missingStep } from "../workflow/missingStep.ts";
import type { Language } from "../workflow/model.ts";
import type { Phase, Swarm } from "../workflow/state.ts";
import { isOver } from "../workflow/state.ts";
import { type Gauges, isFresh, type LiveState } from "./liveState.ts";
import { type LimitLine, statusLine, type Traffic } from "./tokenCounts.ts";

/** One Worker as people see it. */
export interface WorkerLine extends Pick<WorkerRow, "id" | "name" | "feature" | "status" | "scope" | "tokens"> {
  /** "edit src/a.ts"; empty where nothing is known. */
  doing: string;
  durationMs: number;
  /** How far it is by the stage of its work, 0 to 1. */
  progress: number;
  /** Requests before its own while it waits for the GPU; null while it does not. */
  ahead: number | null;
}

/** What has been sent where, and what that spared the primary. */
export interface RoutingLine {
  primary: string;
  mode: string;
  /** Why the fallback chain is in use; null where it is not. */
  fallback: string | null;
  /** Requests of the last 24 hours by provider. */
  requests: Record<string, number>;
  /** Of these, those that did not go to the primary. */
  routed: number;
  /** Tokens of those. */
  savedTokens: number;
}

/** Everything the views show: the same for the terminal, the sidebar and the dashboard. */
export interface SwarmView {
  /** ms since the epoch. */
  at: number;
  swarm: {
    id: string;
    phase: Phase;
    startedAt: number;
    durationMs: number;
    over: boolean;
    /** What is asked of the person. */
    question: string | null;
    paused: boolean;
    /** Why it does not go on, or not by itself; null where it does. */
    halt: Halt | null;
    next: string | null;
    commit: string | null;
  } | null;
  workers: WorkerLine[];
  completed: number;
  servers: Gauges[];
  routing: RoutingLine;
  /** Tokens of the last 24 hours by provider, all projects of this user. */
  traffic: Record<string, Traffic>;
  limits: LimitLine;
  statusLine: string;
  /** Whether a process drives the swarm and says so. */
  driven: boolean;
  /** What could not be read, for the person. */
  problems: string[];
}

export interface ViewSources {
  now: number;
  swarm?: Swarm | undefined;
  live?: LiveState | undefined;
  /** Of the last 24 hours. */
  usage: readonly UsageCell[];
  limits: readonly LimitWindow[];
  fusion: Pick<FusionState, "mode" | "fallback">;
  problems: readonly string[];
  /** Of what holds a Worker up. */
  language?: Language | undefined;
}

/** Folds what was read into what is shown. What one source lacks leaves its place empty. */
export function viewOf({ now, swarm, live, usage, limits, fusion, problems, language }: ViewSources): SwarmView {
  const told = live && swarm && live.swarm === swarm.id && !isOver(swarm) && isFresh(live, now) ? live : undefined;
  const rows = swarm ? workerRows(swarm, now, liveViews(told), language) : [];
  const workers = rows.map((row): WorkerLine => {
    const { id, name, feature, status, scope, tokens, doing, durationMs } = row;
    const ahead = told?.workers[id]?.ahead ?? null;
    return { id, name, feature, status, scope, tokens, doing, durationMs, progress: PROGRESS[status], ahead };
  });
  const traffic = trafficOf(usage);
  const line = limitLine(limits, now);
  return {
    at: now,
    swarm: swarm ? headOf(swarm, now) : null,
    workers,
    completed: workers.filter(({ status }) => status === "completed").length,
    servers: (live?.servers ?? []).filter((server) => isFresh(server, now)),
    routing: routingLine(live?.primary ?? "local", usage, fusion),
    traffic,
    limits: line,
    statusLine: statusLine(traffic, line),
    driven: told !== undefined,
    problems: [...problems],
  };
}

/** By the stages of a Worker's work: nothing tells how long each takes. */
const PROGRESS: Record<WorkerRow["status"], number> = {
  queued: 0,
  exploring: 0.25,
  implementing: 0.5,
  stalled: 0.5,
  "self-qa": 0.75,
  completed: 1,
  blocked: 1,
  failed: 1,
  cancelled: 1,
};

/** What Workers do now, by Worker id. */
export function liveViews(live: Pick<LiveState, "workers"> | undefined): Map<string, LiveView> {
  return new Map(
    Object.entries(live?.workers ?? {}).map(([id, { doing, tokens }]) => [
      id,
      { ...(doing === undefined ? {} : { doing }), ...(tokens === undefined ? {} : { tokens }) },
    ]),
  );
}

function headOf(swarm: Swarm, now: number): NonNullable<SwarmView["swarm"]> {
  const over = isOver(swarm);
  return {
    id: swarm.id,
    phase: swarm.phase,
    startedAt: swarm.startedAt,
    durationMs: (swarm.endedAt ?? now) - swarm.startedAt,
    over,
    question: over ? null : (swarm.question?.kind ?? null),
    paused: swarm.paused,
    halt: haltOf(swarm),
    next: over ? null : missingStep(swarm),
    commit: swarm.commit?.commit ?? null,
  };
}

/** The fullest window of each length that holds requests back: the one that will stop work first. */
export function limitLine(windows: readonly LimitWindow[], now: number): LimitLine {
  const line: LimitLine = {};
  for (const window of windows) {
    const { windowKind: kind, usedPercent, blocks } = window;
    if (kind !== "5h" && kind !== "weekly" && kind !== "monthly") continue;
    if (!blocks || usedPercent === undefined || !stillHolds(window, now)) continue;
    line[kind] = Math.max(line[kind] ?? 0, usedPercent);
  }
  return line;
}

function routingLine(
  primary: string,
  usage: readonly UsageCell[],
  { mode, fallback }: Pick<FusionState, "mode" | "fallback">,
): RoutingLine {
  const requests = new Map<string, number>();
  let savedTokens = 0;
  let routed = 0;
  for (const { provider, requests: count, input, output } of usage) {
    requests.set(provider, (requests.get(provider) ?? 0) + count);
    if (provider === primary) continue;
    routed += count;
    savedTokens += input + output;
  }
  return {
    primary,
    mode: mode ?? "off",
    fallback: fallback?.why ?? null,
    requests: Object.fromEntries(requests),
    routed,
    savedTokens,
  };
}
