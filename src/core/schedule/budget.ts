/** What the server's metrics said at one time. A figure it does not give is undefined. */
export interface ServerLoad {
  /** When it was read (ms). */
  at: number;
  running: number;
  waiting: number;
  /** Share of the KV blocks in use, 0 to 1. */
  kvUsage?: number;
  /** Counter of preempted requests since the server's start. */
  preemptions?: number;
  /** Tokens the KV pool holds. */
  kvTokens?: number;
  /** Tokens' worth of it that each session takes beside its own. */
  sessionTokens?: number;
}

export interface BudgetSettings {
  /** Requests at once while the server's load is unknown. */
  staticLimit: number;
  /** Most requests at once, whatever the load: the server's `max-num-seqs`. */
  maxRequests: number;
  /** Largest part of the KV pool that sessions may fill, 0 to 1. */
  kvShare: number;
  /** Metrics older than this count as gone (ms). */
  staleMs: number;
  /** After slowing down, how long the load has to settle before the next step down (ms). */
  settleMs: number;
}

/**
 * 16 is the recipes' `max-num-seqs`. The whole pool: what sessions grow by within a turn finds room where others are between
 * their requests, and a preemption shrinks the part (measured with `bench:admission`).
 */
export const DEFAULT_BUDGET: BudgetSettings = {
  staticLimit: 16,
  maxRequests: 16,
  kvShare: 1,
  staleMs: 10_000,
  settleMs: 5_000,
};

/** Why the budget is what it is, for people. */
export type BudgetMode = "metrics" | "no-metrics" | "stale" | "implausible";

/** How much may be with the server at once. It grows by steps and shrinks by factors, so that several swarms of several
 * people, who know nothing of each other but the server's load, come to equal parts. */
export interface Budget {
  mode: BudgetMode;
  /** Requests at once. */
  requests: number;
  /** Tokens of all sessions at once, with what each takes beside its own; undefined where the pool's size is unknown. */
  tokens?: number;
  /** The part of `kvShare` this process takes, above 0 to 1. */
  part: number;
  /** The part of `maxRequests` this process takes, above 0 to 1. */
  pace: number;
  /** The last metrics that counted. */
  load?: ServerLoad;
  slowedAt?: number;
  /** Readings in a row in which the server had a queue. */
  queued: number;
}

export function initialBudget(settings: BudgetSettings): Budget {
  return { mode: "no-metrics", requests: settings.staticLimit, part: 1, pace: 1, queued: 0 };
}

const SLOWER = 0.7;
const FASTER = 0.05;
/** Never below this part: a swarm alone on a server that reports nonsense still moves. */
const LEAST = 0.1;
/** A KV pool this full with a queue behind it is about to preempt. */
const FULL = 0.95;
/** One reading may catch a burst on its way in; two in a row are a queue. */
const QUEUED_READINGS = 2;

/** The budget after a reading of the server's metrics. Implausible ones count as none. */
export function observeLoad(budget: Budget, load: ServerLoad, settings: BudgetSettings): Budget {
  if (!plausible(load, budget.load)) return unknown(budget, "implausible", settings);
  const queued = load.waiting > 0 ? budget.queued + 1 : 0;
  const preempted = (load.preemptions ?? 0) > (budget.load?.preemptions ?? load.preemptions ?? 0);
  const crowded = preempted || (load.waiting > 0 && (load.kvUsage ?? 0) >= FULL);
  const slow = queued >= QUEUED_READINGS;
  const settling = budget.slowedAt !== undefined && load.at - budget.slowedAt < settings.settleMs;
  let { part, pace, slowedAt } = budget;
  if ((crowded || slow) && !settling) {
    if (crowded) part = Math.max(LEAST, part * SLOWER);
    if (slow) pace = Math.max(LEAST, pace * SLOWER);
    slowedAt = load.at;
  } else if (!crowded && load.waiting === 0) {
    part = Math.min(1, part + FASTER);
    pace = Math.min(1, pace + FASTER);
  }
  return {
    mode: "metrics",
    requests: Math.max(1, Math.floor(settings.maxRequests * pace)),
    ...(load.kvTokens === undefined ? {} : { tokens: Math.floor(load.kvTokens * settings.kvShare * part) }),
    part,
    pace,
    load,
    ...(slowedAt === undefined ? {} : { slowedAt }),
    queued,
  };
}

/** The budget at a time without a new reading: metrics that are too old fall back to the static limit. */
export function ageBudget(budget: Budget, now: number, settings: BudgetSettings): Budget {
  if (budget.mode !== "metrics" || budget.load === undefined) return budget;
  return now - budget.load.at > settings.staleMs ? unknown(budget, "stale", settings) : budget;
}

function unknown(budget: Budget, mode: BudgetMode, settings: BudgetSettings): Budget {
  const { part, pace } = budget;
  return { mode, requests: settings.staticLimit, part, pace, queued: 0 };
}

/** Metrics that cannot be true of a server that works. A counter that falls is a restart, not a lie. */
function plausible(load: ServerLoad, before: ServerLoad | undefined): boolean {
  const counts = [load.running, load.waiting, load.preemptions ?? 0];
  if (counts.some((count) => !Number.isFinite(count) || count < 0)) return false;
  if (!(load.kvUsage === undefined || (load.kvUsage >= 0 && load.kvUsage <= 1))) return false;
  if (!(load.sessionTokens === undefined || (Number.isFinite(load.sessionTokens) && load.sessionTokens >= 0)))
    return false;
  if (!(load.kvTokens === undefined || (Number.isFinite(load.kvTokens) && load.kvTokens > 0))) return false;
  return before === undefined || load.at >= before.at;
}
