type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** Time limits of OpenCode on a provider's requests (ms); absent where there is none. */
export interface HostLimits {
  /** From the call of the provider's `fetch` to its response's headers. */
  headerMs?: number;
  /** Between two pieces of an event stream. */
  chunkMs?: number;
  /** The whole request. */
  totalMs?: number;
}

/** OpenCode 1.18's own value where a provider's options name none. */
const HOST_DEFAULT_MS = 300_000;

/**
 * Reads a provider's limits as OpenCode 1.18 does. It wraps the `fetch` in a provider's options and starts its timers
 * before it calls it (read in its bundle): every wait at the model gate counts against `headerTimeout` and `timeout`.
 * `chunkTimeout` starts with the first read of the response.
 */
export function hostLimits(options: Readonly<Record<string, unknown>>): HostLimits {
  const headerMs = limitOf(options.headerTimeout ?? HOST_DEFAULT_MS);
  const chunkMs = limitOf(options.chunkTimeout ?? HOST_DEFAULT_MS);
  const totalMs = limitOf(options.timeout);
  return {
    ...(headerMs === undefined ? {} : { headerMs }),
    ...(chunkMs === undefined ? {} : { chunkMs }),
    ...(totalMs === undefined ? {} : { totalMs }),
  };
}

/** Provider options that take the host's timers away; the gate has limits of its own. */
export const NO_HOST_LIMITS = { timeout: false, headerTimeout: false, chunkTimeout: false } as const;

function limitOf(value: unknown): number | undefined {
  return typeof value === "number" && value > 0 ? value : undefined;
}

/** `inner` under the limits the host would have held it to: for sessions that the gate does not look after. */
export function withHostLimits(inner: Fetch, limits: HostLimits): Fetch {
  if (Object.keys(limits).length === 0) return inner;
  return async (input, init) => {
    const own = new AbortController();
    const signals = [own.signal, ...(init?.signal ? [init.signal] : [])];
    // Not AbortSignal.timeout: see TimeLimit.
    if (limits.totalMs !== undefined) {
      const over = new DOMException(`The request timed out after ${limits.totalMs} ms.`, "TimeoutError");
      setTimeout(() => own.abort(over), limits.totalMs).unref();
    }
    const timer = limits.headerMs === undefined ? undefined : setTimeout(late, limits.headerMs);
    function late(): void {
      own.abort(new Error(`The response timed out: no headers within ${limits.headerMs} ms.`));
    }
    const response = await inner(input, { ...init, signal: AbortSignal.any(signals) }).finally(() =>
      clearTimeout(timer),
    );
    const isStream = response.headers.get("content-type")?.includes("text/event-stream") === true;
    if (limits.chunkMs === undefined || !response.body || !isStream) return response;
    const body = watched(response.body.getReader(), limits.chunkMs, (reason) => own.abort(reason));
    return new Response(body, { status: response.status, statusText: response.statusText, headers: response.headers });
  };
}

/** The same bytes; an error once nothing came for `chunkMs` while somebody was reading. */
function watched(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  chunkMs: number,
  abort: (reason: Error) => void,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          const reason = new Error(`The stream timed out: nothing within ${chunkMs} ms.`);
          reject(reason);
          abort(reason);
        }, chunkMs);
      });
      try {
        const { done, value } = await Promise.race([reader.read(), late]);
        if (done) return controller.close();
        controller.enqueue(value);
      } finally {
        clearTimeout(timer);
      }
    },
    async cancel(reason) {
      abort(reason instanceof Error ? reason : new Error("the reader left"));
      await reader.cancel(reason);
    },
  });
}
