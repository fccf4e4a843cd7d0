import type { UsageRow } from "./usageRow.ts";

/** One routed request, as programs report it. */
export interface RoutingRecord {
  provider: string;
  /** Default: "unknown". */
  agent?: string | undefined;
  /** As the provider's API names it; it decides the price. */
  model?: string | undefined;
  /** ms. */
  duration: number;
  /** Default: true. */
  success?: boolean | undefined;
  /** Default: false. */
  cacheHit?: boolean | undefined;
  tokenCount?: { input?: number | undefined; output?: number | undefined } | undefined;
  /** ms since the epoch; default: now. */
  timestamp?: number | undefined;
}

/** What the ring holds of any event: its own fields, and these two. */
export interface TrackedEvent extends Record<string, unknown> {
  type: string;
  /** ms since the epoch. */
  timestamp: number;
}

/** A routed request in the ring. */
export interface TrackedRouting extends TrackedEvent {
  type: "routing";
  provider: string;
  agent: string;
  model?: string;
  duration: number;
  success: boolean;
  cacheHit: boolean;
  tokenCount: { input: number; output: number };
}

/**
 * A record with its defaults filled in.
 *
 * @throws RangeError naming the field that is no name, or no figure from 0 up
 */
export function routingRow(record: RoutingRecord, now: number): UsageRow {
  const { provider, agent = "unknown", success = true, cacheHit = false, tokenCount = {} } = record;
  if (typeof provider !== "string" || provider === "") throw new RangeError("provider is a name that is not empty.");
  return {
    at: figure("timestamp", record.timestamp ?? now),
    provider,
    agent: agent === "" ? "unknown" : agent,
    ...(record.model ? { model: record.model } : {}),
    duration: figure("duration", record.duration),
    success,
    cacheHit,
    input: Math.round(figure("tokenCount.input", tokenCount.input ?? 0)),
    output: Math.round(figure("tokenCount.output", tokenCount.output ?? 0)),
  };
}

function figure(name: string, value: number): number {
  if (Number.isFinite(value) && value >= 0) return value;
  throw new RangeError(`${name} is a figure from 0 up, not ${String(value)}.`);
}

/** How the ring shows a routed request. */
export function trackedRouting(row: UsageRow): TrackedRouting {
  const { at, provider, agent, model, duration, success, cacheHit, input, output } = row;
  return {
    type: "routing",
    timestamp: at,
    provider,
    agent,
    ...(model === undefined ? {} : { model }),
    duration,
    success,
    cacheHit,
    tokenCount: { input, output },
  };
}
