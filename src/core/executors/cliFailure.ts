import { classifyFailure } from "../gate/classifyFailure.ts";
import { type RouteFailureKind, routeFailureKind } from "../routing/failure.ts";
import { proseLimit } from "../routing/proseLimit.ts";

/** Why a run failed; `cancelled` is the caller's own wish. */
export type RunFailureKind = RouteFailureKind | "cancelled";

export interface RunFailure {
  kind: RunFailureKind;
  /** What happened, in the program's own words where it had any. */
  message: string;
  /** What the provider asked for, milliseconds from now. */
  retryAfterMs?: number;
  /** When the exhausted window opens again, milliseconds since the epoch. */
  resetsAt?: number;
}

/**
 * Whether another way of running the same work on the same model may succeed: what is wrong is the way (a process that does
 * not start, went away or said nothing), not the provider, the caller's wish or the time.
 */
export function isTheWaysFault({ kind }: RunFailure): boolean {
  return kind === "tool" || kind === "unknown";
}

/** Longest message kept, in characters. */
const LONGEST = 2_000;
const QUOTA = /usage limit|quota|insufficient_quota|credit balance|billing|limit reached/i;
const AUTH =
  /\b(?:unauthori[sz]ed|forbidden)\b|invalid (?:x-)?api[- ]?key|authentication|not logged in|please (?:run .{0,20})?log ?in|auth method/i;
const RATE = /rate.?limit|too many requests|resource.?exhausted/i;
const OVERLOAD = /overloaded|service unavailable|bad gateway|internal server error/i;
const TIMEOUT =
  /timed? ?out|ECONNREFUSED|ECONNRESET|ENOTFOUND|stream disconnected|fetch failed|connection (?:error|refused)/i;

/**
 * Types a failure that a command line told in words.
 *
 * @param status the HTTP status where the program names it
 * @param now milliseconds since the epoch
 */
export function failureFromWords(words: string, status: number | undefined, now: number): RunFailure {
  const message = words.trim().slice(0, LONGEST);
  const limit = proseLimit(message.slice(0, 400), now);
  if (limit) return { kind: "quota", message, ...(limit.resetsAt === undefined ? {} : { resetsAt: limit.resetsAt }) };
  const seen = status ?? statusIn(message);
  const typed =
    seen === undefined ? "unknown" : routeFailureKind(classifyFailure({ status: seen, body: message }).kind);
  return { kind: typed === "unknown" ? byWords(message) : typed, message };
}

/** `unexpected status 401 …`, `API Error: 529 …`, `"code":401`: a status where one is said to be one. */
function statusIn(words: string): number | undefined {
  const found = /(?:status(?: code)?|api error|"code"|http)["': ]{1,4}([45]\d\d)\b/i.exec(words)?.[1];
  return found === undefined ? undefined : Number(found);
}

function byWords(words: string): RouteFailureKind {
  if (QUOTA.test(words)) return "quota";
  if (AUTH.test(words)) return "auth";
  if (RATE.test(words)) return "rate";
  if (OVERLOAD.test(words)) return "overload";
  return TIMEOUT.test(words) ? "timeout" : "unknown";
}
