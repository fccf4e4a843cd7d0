import type { FailureKind } from "../gate/classifyFailure.ts";

/** What a failure means for where work goes. */
export type RouteFailureKind = "quota" | "rate" | "auth" | "overload" | "timeout" | "tool" | "unknown";

export interface RouteFailure {
  kind: RouteFailureKind;
  /** What the provider asked for, milliseconds from now. */
  retryAfterMs?: number | undefined;
  /** When the exhausted window opens again, milliseconds since the epoch. */
  resetsAt?: number | undefined;
}

/** A provider that rests, and until when (milliseconds since the epoch). */
export interface Cooldown {
  provider: string;
  until: number;
  why: RouteFailureKind;
}

/** What to do after a failure. `cool` holds for everybody's later requests, retries included. */
export type AfterFailure =
  | { kind: "retry"; waitMs: number }
  | { kind: "next"; cool: Cooldown }
  /** The provider is not to blame: another one would fail it as well. */
  | { kind: "give-up" };

/**
 * Rests of our own choosing (ms), where the provider names no time: an exhausted quota is asked about again after an hour,
 * as is a key that was refused; a rate limit's window is a minute at every provider here; an overload passes in less.
 */
const REST: Readonly<Record<Exclude<RouteFailureKind, "tool" | "unknown">, number>> = {
  quota: 3_600_000,
  auth: 3_600_000,
  rate: 60_000,
  overload: 30_000,
  timeout: 30_000,
};
/** Longest Retry-After that is waited for rather than left for the next provider. Longer ones are kept to the letter. */
const WAITABLE_MS = 10_000;
/** The one retry of an overload or a timeout waits so long. */
const BACKOFF_MS = 2_000;

/**
 * Decides after a typed failure of `provider`.
 *
 * @param attempt how often this piece of work has failed at this provider, from 1
 * @param now milliseconds since the epoch
 */
export function afterFailure(provider: string, failure: RouteFailure, attempt: number, now: number): AfterFailure {
  const { kind, retryAfterMs } = failure;
  if (kind === "tool" || kind === "unknown") return { kind: "give-up" };
  const until = untilOf(failure, REST[kind], now);
  const next: AfterFailure = { kind: "next", cool: { provider, until, why: kind } };
  switch (kind) {
    case "quota":
    case "auth":
      return next;
    case "rate":
      return attempt === 1 && retryAfterMs !== undefined && retryAfterMs <= WAITABLE_MS
        ? { kind: "retry", waitMs: retryAfterMs }
        : next;
    case "overload":
    case "timeout": {
      const waitMs = retryAfterMs ?? BACKOFF_MS;
      return attempt === 1 && waitMs <= WAITABLE_MS ? { kind: "retry", waitMs } : next;
    }
  }
}

/** The later of the window's reset and the Retry-After, to the letter; a time of our own only where neither is known. */
function untilOf({ retryAfterMs, resetsAt }: RouteFailure, restMs: number, now: number): number {
  const asked = retryAfterMs === undefined ? undefined : now + retryAfterMs;
  const reset = resetsAt !== undefined && resetsAt > now ? resetsAt : undefined;
  if (asked === undefined && reset === undefined) return now + restMs;
  return Math.max(asked ?? 0, reset ?? 0);
}

/** A cooldown list with one more: a provider that rests longer already goes on resting. What has passed is dropped. */
export function withCooldown(cooldowns: readonly Cooldown[], one: Cooldown, now: number): Cooldown[] {
  const others = cooldowns.filter(({ provider, until }) => provider !== one.provider && until > now);
  const before = cooldowns.find(({ provider }) => provider === one.provider);
  return [...others, before !== undefined && before.until > one.until ? before : one];
}

/** The gate's finer kinds as the policy's. What broke on the way is a timeout: another server would have answered. */
export function routeFailureKind(kind: FailureKind): RouteFailureKind {
  switch (kind) {
    case "quota":
    case "rate":
    case "auth":
    case "overload":
    case "timeout":
      return kind;
    case "server":
    case "bad-response":
      return "overload";
    case "refused":
    case "reset":
    case "stalled":
      return "timeout";
    case "unknown":
      return "unknown";
  }
}
