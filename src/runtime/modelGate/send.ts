import type { Failure } from "../../core/gate/classifyFailure.ts";
import { classifyFailure } from "../../core/gate/classifyFailure.ts";
import type { RetryBudget } from "../../core/gate/retryPlan.ts";
import { retryPlan } from "../../core/gate/retryPlan.ts";
import { judgeSilence, type ServerLook, type SilenceVerdict } from "../../core/gate/silence.ts";
import { messageOf } from "../../ports/thrown.ts";

/** The world of one request, handed in so that tests need no clock. */
export interface SendWorld {
  now(): number;
  /** In [0, 1). */
  random(): number;
  /** Rejects with the signal's reason when it aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export interface SendLimits {
  /** Longest wait for the first byte of an answer (ms). A server that queues for longer counts as hanging. */
  firstByteMs: number;
  /** After so long without a first byte the server is looked at (ms), and again after as long. */
  stallMs: number;
  budget: RetryBudget;
}

/** Looks in a row that find the server stalled before the request is ended. */
const STALLED_LOOKS = 2;

/** The server answers, queues nothing, and gives no token. */
class StalledError extends Error {
  override readonly name = "StalledError";
}

/** A response whose first bytes have come: from here on nothing is retried. */
export interface Begun {
  response: Response;
  first: Uint8Array | undefined;
  rest: ReadableStreamDefaultReader<Uint8Array> | undefined;
  firstByteMs: number;
  attempts: number;
}

export type Sent = { ok: true; begun: Begun } | { ok: false; failure: Failure; detail: string; attempts: number };

/** Bytes of an error body that are looked at. */
const LOOKED_AT = 4_000;

/**
 * Sends one request and waits for its first bytes. While nothing was shown it is tried again as the policy says; an abort
 * of the caller's ends any wait at once.
 * @throws the signal's reason when the caller aborts.
 */
export async function sendUntilFirstBytes(
  send: (signal: AbortSignal) => Promise<Response>,
  options: {
    signal: AbortSignal;
    limits: SendLimits;
    world: SendWorld;
    onRetry(attempt: number, failure: Failure, waitMs: number): void;
    /** Looks at the server while nothing comes. Never rejects. */
    look(): Promise<ServerLook>;
    onSilence(verdict: SilenceVerdict, waitedMs: number): void;
  },
): Promise<Sent> {
  const { signal, limits, world } = options;
  let budget = limits.budget;
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    const tried = await tryOnce(send, signal, options);
    if (tried.ok) return { ok: true, begun: { ...tried.begun, attempts: attempt } };
    const plan = retryPlan(attempt, tried.failure, budget, world.random());
    if (plan.kind === "give-up") return { ok: false, failure: tried.failure, detail: tried.detail, attempts: attempt };
    options.onRetry(attempt, tried.failure, plan.ms);
    await world.sleep(plan.ms, signal);
    budget = { ...budget, waitMs: budget.waitMs - plan.ms };
  }
}

type Tried = { ok: true; begun: Omit<Begun, "attempts"> } | { ok: false; failure: Failure; detail: string };

async function tryOnce(
  send: (signal: AbortSignal) => Promise<Response>,
  caller: AbortSignal,
  { limits, world, look, onSilence }: Parameters<typeof sendUntilFirstBytes>[1],
): Promise<Tried> {
  const started = world.now();
  const own = new AbortController();
  const leave = () => own.abort(caller.reason);
  caller.addEventListener("abort", leave, { once: true });
  const timer = setTimeout(
    () => own.abort(new DOMException("no first byte in time", "TimeoutError")),
    limits.firstByteMs,
  );
  const watch = watchSilence(limits.stallMs, look, (verdict, waitedMs, enough) => {
    onSilence(verdict, waitedMs);
    if (enough) {
      const seconds = Math.round(waitedMs / 1000);
      own.abort(new StalledError(`no token for ${seconds} s, although the server answers and queues nothing`));
    }
  });
  try {
    const response = await send(own.signal);
    const reader = response.body?.getReader();
    const read = await reader?.read();
    const first = read?.value;
    const firstByte = world.now() - started;
    // An aborted body may end like an empty one: that is no answer of the server's.
    caller.throwIfAborted();
    if (response.ok && isAnswer(response, first)) {
      return { ok: true, begun: { response, first, rest: reader, firstByteMs: firstByte } };
    }
    const body = await bodyText(first, reader);
    const { headers } = response;
    const failure = classifyFailure({
      status: response.status,
      body,
      contentType: headers.get("content-type") ?? "",
      now: world.now(),
      retryAfter: headers.get("retry-after") ?? "",
      retryAfterMs: headers.get("retry-after-ms") ?? "",
    });
    return { ok: false, failure, detail: `HTTP ${response.status} ${body.slice(0, 300)}`.trim() };
  } catch (error) {
    caller.throwIfAborted();
    const errorCode = codeOf(error);
    const detail = messageOf(error);
    return {
      ok: false,
      failure: classifyFailure({ errorCode, now: world.now() }),
      detail: `${errorCode} ${detail}`.trim(),
    };
  } finally {
    clearTimeout(timer);
    watch.stop();
    // After the first bytes the caller's abort reaches the server through the reader that is handed on.
    caller.removeEventListener("abort", leave);
  }
}

/** Looks at the server every `everyMs` until stopped; `enough` once it was found stalled as often as it may be. */
function watchSilence(
  everyMs: number,
  look: () => Promise<ServerLook>,
  told: (verdict: SilenceVerdict, waitedMs: number, enough: boolean) => void,
): { stop(): void } {
  let over = false;
  let stalled = 0;
  let looks = 0;
  let timer: NodeJS.Timeout | undefined;
  const judge = (seen: ServerLook) => {
    if (over) return;
    const verdict = judgeSilence(seen);
    stalled = verdict === "stalled" ? stalled + 1 : 0;
    told(verdict, looks * everyMs, stalled >= STALLED_LOOKS);
    if (stalled < STALLED_LOOKS) next();
  };
  const next = () => {
    timer = setTimeout(() => {
      looks += 1;
      void look().then(judge);
    }, everyMs);
  };
  next();
  return {
    stop() {
      over = true;
      clearTimeout(timer);
    },
  };
}

/** A stream of events that does not begin with an error, or a JSON completion. */
function isAnswer(response: Response, first: Uint8Array | undefined): boolean {
  const type = response.headers.get("content-type") ?? "";
  if (first === undefined) return false;
  const beginning = new TextDecoder().decode(first.subarray(0, LOOKED_AT)).trimStart();
  if (type.includes("text/event-stream")) return !/^(?:event:\s*error\b|data:\s*\{\s*"error")/u.test(beginning);
  return type.includes("json") && !/^\{\s*"error"/u.test(beginning);
}

async function bodyText(first: Uint8Array | undefined, reader: ReadableStreamDefaultReader<Uint8Array> | undefined) {
  const decoder = new TextDecoder();
  let text = first ? decoder.decode(first, { stream: true }) : "";
  while (reader && text.length < LOOKED_AT) {
    const { done, value } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
  }
  await reader?.cancel();
  return text.slice(0, LOOKED_AT);
}

/** The code that names a network failure: on the error itself, or on its cause (undici). */
export function codeOf(error: unknown): string {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ("code" in at && typeof at.code === "string") return at.code;
    if (at.name === "TimeoutError" || at.name === "StalledError") return at.name;
  }
  return error instanceof Error ? error.name : "";
}
