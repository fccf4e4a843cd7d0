import { readSnapshot, type ServerSnapshot } from "../../core/metrics/serverSnapshot.ts";
import { withinTime } from "../../ports/timeLimit.ts";

/** A server's metrics at one time, or why there are none. */
export type MetricsReading = { at: number } & ({ ok: true; snapshot: ServerSnapshot } | { ok: false; reason: string });

export interface MetricsRequest {
  /** The server's base URL, with or without `/v1`. */
  baseUrl: string;
  /** vLLM leaves `/metrics` open; a proxy before it may not. */
  apiKey?: string;
  signal?: AbortSignal;
  /** Milliseconds. */
  timeoutMs?: number;
}

/** A server under load answers late; longer than this its figures are of no use. */
const TIMEOUT_MS = 5_000;
/** Bytes: vLLM's whole exposition is some 100 KB. */
const MOST = 4_000_000;

/** Where a server's metrics are: beside `/v1`, not below it. */
export function metricsUrl(baseUrl: string): string {
  return `${baseUrl.replace(/\/+$/, "").replace(/\/v1$/, "")}/metrics`;
}

/** Reads `/metrics` once. Never rejects: a server without metrics is a reading that says so. */
export async function readMetrics(request: MetricsRequest): Promise<MetricsReading> {
  const { apiKey, timeoutMs = TIMEOUT_MS } = request;
  try {
    const { response, text } = await withinTime(timeoutMs, request.signal ?? [], async (signal) => {
      const headers = apiKey === undefined ? {} : { headers: { authorization: `Bearer ${apiKey}` } };
      const answer = await fetch(metricsUrl(request.baseUrl), { signal, redirect: "error", ...headers });
      return { response: answer, text: await answer.text() };
    });
    const at = Date.now();
    if (!response.ok) return { at, ok: false, reason: `HTTP ${response.status}` };
    if (text.length > MOST) return { at, ok: false, reason: `${text.length} bytes are no metrics` };
    const snapshot = readSnapshot(text);
    if (Object.keys(snapshot).length === 0) return { at, ok: false, reason: "no vllm metrics in the answer" };
    return { at, ok: true, snapshot };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return { at: Date.now(), ok: false, reason: cause instanceof Error ? cause.message : String(cause) };
  }
}

/** Reads again and again, never twice at once, until stopped. Does not keep the process alive. */
export function pollMetrics(
  request: MetricsRequest & { everyMs: number },
  tell: (reading: MetricsReading) => void,
): { stop(): void } {
  const stopped = new AbortController();
  const signal = request.signal ? AbortSignal.any([request.signal, stopped.signal]) : stopped.signal;
  let timer: NodeJS.Timeout | undefined;
  const turn = async () => {
    const reading = await readMetrics({ ...request, signal });
    if (signal.aborted) return;
    tell(reading);
    timer = setTimeout(() => void turn(), request.everyMs);
    timer.unref();
  };
  void turn();
  return {
    stop() {
      stopped.abort();
      clearTimeout(timer);
    },
  };
}
