import type { Reply } from "./brain.ts";
import type { SurfaceAnswer } from "./surface.ts";

/** The APIs a scripted provider speaks beside vLLM's: OpenAI's Responses, Anthropic's Messages, Gemini's generateContent. */
export type ForeignSurface = "openai" | "anthropic" | "gemini";

type ScriptedError = NonNullable<Reply["error"]>;

const BODIES: Readonly<Record<ForeignSurface, (error: ScriptedError) => object>> = {
  openai: openAiBody,
  anthropic: anthropicBody,
  gemini: googleBody,
};

/** A failure as the provider itself words it: with a Retry-After, and from Google with a RetryInfo in its place. */
export function surfaceError(surface: ForeignSurface, error: ScriptedError): SurfaceAnswer {
  const { status, retryAfterS } = error;
  const headers: Record<string, string> =
    surface !== "gemini" && retryAfterS !== undefined ? { "retry-after": String(retryAfterS) } : {};
  return { status, contentType: "application/json", body: JSON.stringify(BODIES[surface](error)), headers };
}

function openAiBody({ status, message, type }: ScriptedError): object {
  const own = status === 429 ? "rate_limit_exceeded" : status === 402 ? "insufficient_quota" : "server_error";
  return { error: { message: message ?? "scripted failure", type: type ?? own, param: null, code: type ?? own } };
}

/** Types as Anthropic's API reference lists them. */
const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  413: "request_too_large",
  429: "rate_limit_error",
  500: "api_error",
  504: "timeout_error",
  529: "overloaded_error",
};

function anthropicBody({ status, message, type }: ScriptedError): object {
  const own = ANTHROPIC_TYPES[status] ?? "api_error";
  return {
    type: "error",
    error: { type: type ?? own, message: message ?? (status === 529 ? "Overloaded" : "scripted failure") },
    request_id: "req_scripted",
  };
}

/** Statuses of google.rpc.Code by their HTTP numbers. */
const GOOGLE_STATUSES: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

/** Google names the wait in the body and sends no Retry-After; its words speak of a quota for every window. */
function googleBody({ status, message, retryAfterS }: ScriptedError): object {
  const details =
    retryAfterS === undefined
      ? []
      : [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: `${retryAfterS}s` }];
  const words =
    message ??
    (status === 429
      ? "You exceeded your current quota, please check your plan and billing details."
      : "The model is overloaded. Please try again later.");
  return { error: { code: status, message: words, status: GOOGLE_STATUSES[status] ?? "UNKNOWN", details } };
}
