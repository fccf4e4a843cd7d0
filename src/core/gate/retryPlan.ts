import type { Failure } from "./classifyFailure.ts";

/** What retrying may cost. Milliseconds. */
export interface RetryBudget {
  /** Most retries of one request. */
  retries: number;
  /** Time left for waiting, over all retries of this request. */
  waitMs: number;
  /** The first wait; each further one is twice as long. */
  firstMs: number;
  /** Longest wait of our own choosing. A server's Retry-After is not held to it. */
  longestMs: number;
}

/**
 * The `attempt`-th wait of our own choosing (ms), from 1: twice as long each time up to the longest, spread by `jitter` in
 * [0, 1) between half and the whole of its length, so that eight Workers do not come back at once.
 */
export function backoff(attempt: number, wait: { firstMs: number; longestMs: number }, jitter: number): number {
  return Math.round(Math.min(wait.longestMs, wait.firstMs * 2 ** (attempt - 1)) * (0.5 + jitter / 2));
}

/** Three tries within half a minute: a restarting vLLM is not worth more, the swarm decides then. */
export const DEFAULT_RETRY_BUDGET: RetryBudget = { retries: 3, waitMs: 30_000, firstMs: 500, longestMs: 8_000 };

export type RetryPlan =
  | { kind: "wait"; ms: number }
  | { kind: "give-up"; why: "not-retryable" | "retries" | "budget"; retryAfterMs?: number };

/**
 * What to do after a failed request of which nothing was shown yet.
 *
 * @param attempt how often it has failed, from 1
 * @param jitter a random number in [0, 1): waits of our own are spread between half and the whole of their length
 * @returns a wait of exactly what the server asked for where it asked, never shorter; or to give up where that is more
 * than the budget
 */
export function retryPlan(attempt: number, failure: Failure, budget: RetryBudget, jitter: number): RetryPlan {
  if (!failure.retryable) return givenUp("not-retryable", failure);
  if (attempt > budget.retries) return givenUp("retries", failure);
  const ms = failure.retryAfterMs ?? backoff(attempt, budget, jitter);
  return ms > budget.waitMs ? givenUp("budget", failure) : { kind: "wait", ms };
}

function givenUp(why: "not-retryable" | "retries" | "budget", failure: Failure): RetryPlan {
  return {
    kind: "give-up",
    why,
    ...(failure.retryAfterMs === undefined ? {} : { retryAfterMs: failure.retryAfterMs }),
  };
}
