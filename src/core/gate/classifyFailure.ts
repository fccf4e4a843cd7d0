import { isObject, type Json, parseJson } from "./json.ts";

export type FailureKind =
  | "quota"
  | "rate"
  | "auth"
  | "overload"
  | "timeout"
  | "refused"
  | "reset"
  | "bad-response"
  | "server"
  /** The server answers, queues nothing, and gives no token: not retried here, because the same request would stall again. */
  | "stalled"
  | "unknown";

/** A failed model request, typed. */
export interface Failure {
  kind: FailureKind;
  /** Whether the same request may succeed later. */
  retryable: boolean;
  /** What the server asked for, in milliseconds from now. */
  retryAfterMs?: number;
}

/** What is known of a failed request; all of it as it came. */
export interface FailureFacts {
  /** HTTP status; absent where no response came. */
  status?: number;
  /** `code` or `name` of the error that `fetch` threw, its cause's where it has one. */
  errorCode?: string;
  /** The beginning of the response body. */
  body?: string;
  contentType?: string;
  /** The `Retry-After` header: seconds or an HTTP date. */
  retryAfter?: string;
  /** OpenAI's `retry-after-ms` header, which is finer. */
  retryAfterMs?: string;
  /** `Date.now()`; without it a Retry-After that is a date is not understood. */
  now?: number;
}

/** Error codes of Node, undici and Bun (whose names have no prefix). */
const REFUSED = /^(?:ECONNREFUSED|ConnectionRefused|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|FailedToOpenSocket)$/;
const RESET = /^(?:ECONNRESET|ConnectionClosed|ECONNABORTED|EPIPE|UND_ERR_SOCKET|ERR_STREAM_PREMATURE_CLOSE)$/;
const TIMEOUT = /^(?:ETIMEDOUT|ESOCKETTIMEDOUT|TimeoutError|Timeout|UND_ERR_(?:CONNECT|HEADERS|BODY)_TIMEOUT)$/;
const QUOTA =
  /insufficient_quota|exceeded your current quota|billing|credit balance|usage limit|quota (?:exceeded|exhausted)/i;
const OVERLOAD = /overloaded/i;
const RETRYABLE: readonly FailureKind[] = ["rate", "overload", "timeout", "refused", "reset", "bad-response", "server"];

/** Types a failed request. A status counts before an error code, what the body says before the status's usual meaning. */
export function classifyFailure(facts: FailureFacts): Failure {
  const kind = facts.status === undefined ? kindOfError(facts.errorCode ?? "") : kindOfStatus(facts.status, facts);
  const retryAfterMs =
    readMilliseconds(facts.retryAfterMs) ?? readRetryAfter(facts.retryAfter, facts.now) ?? readRetryInfo(facts.body);
  return {
    kind,
    retryable: RETRYABLE.includes(kind),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

function kindOfError(code: string): FailureKind {
  if (code === "StalledError") return "stalled";
  if (REFUSED.test(code)) return "refused";
  if (RESET.test(code)) return "reset";
  return TIMEOUT.test(code) ? "timeout" : "unknown";
}

function kindOfStatus(status: number, facts: FailureFacts): FailureKind {
  const body = facts.body ?? "";
  if (status < 400) return kindOfSuccess(facts);
  if (status === 402) return "quota";
  if (status === 429) return kindOf429(body);
  if (status === 401 || status === 403) return QUOTA.test(body) ? "quota" : "auth";
  if (status === 408 || status === 504) return "timeout";
  if (status === 503 || status === 529) return "overload";
  if (status >= 500) return OVERLOAD.test(body) ? "overload" : "server";
  return "unknown";
}

/** Google speaks of a quota for every window: a wait that it names is a rate's, unless the window is a day. */
function kindOf429(body: string): FailureKind {
  if (/PerDay|per.?day/i.test(body)) return "quota";
  if (readRetryInfo(body) !== undefined) return "rate";
  return QUOTA.test(body) ? "quota" : "rate";
}

/** A success that was none: an error in its body, or not what was asked for. */
function kindOfSuccess(facts: FailureFacts): FailureKind {
  const body = facts.body ?? "";
  const parsed = parseJson(
    body
      .replace(/^\s*(?:event:[^\n]*\n)?data:\s?/, "")
      .replace(/\n\s*\n[\s\S]*$/, "")
      .trim(),
  );
  const error: Json | undefined = isObject(parsed) ? parsed.error : undefined;
  if (!isObject(error)) return "bad-response";
  const code = Number(error.code ?? error.status ?? Number.NaN);
  const words = `${String(error.type ?? "")} ${String(error.code ?? "")} ${String(error.message ?? "")}`;
  if (code >= 400 && code < 600) return kindOfStatus(code, { body: words });
  if (QUOTA.test(words)) return "quota";
  if (OVERLOAD.test(words)) return "overload";
  return /rate.?limit/i.test(words) ? "rate" : "bad-response";
}

function readMilliseconds(header: string | undefined): number | undefined {
  return header !== undefined && /^\s*\d+(?:\.\d+)?\s*$/.test(header) ? Math.ceil(Number(header)) : undefined;
}

/** Google's RetryInfo, `"retryDelay": "34.07s"` in the body; it sends no header. */
function readRetryInfo(body: string | undefined): number | undefined {
  const seconds = /"retryDelay"\s*:\s*"(\d+(?:\.\d+)?)s"/.exec(body ?? "")?.[1];
  return seconds === undefined ? undefined : Math.ceil(Number(seconds) * 1000);
}

function readRetryAfter(header: string | undefined, now: number | undefined): number | undefined {
  const text = header?.trim() ?? "";
  if (/^\d+(?:\.\d+)?$/.test(text)) return Math.ceil(Number(text) * 1000);
  // A date always has letters; without them Date.parse takes almost anything.
  const at = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) || now === undefined ? undefined : Math.max(0, at - now);
}
