import { queueLength, type ServerLook } from "../../core/gate/silence.ts";
import { withinTime } from "../../ports/timeLimit.ts";

type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** A server that needs longer for its metrics counts as not answering (ms): they are a page of text. */
const LOOK_MS = 5_000;

/**
 * Looks whether the server behind a completion request is there, and how long its queue is (vLLM's `/metrics`, beside
 * `/v1`). Any HTTP answer shows that it is there. Never rejects.
 */
export async function lookAtServer(inner: Fetch, request: string | URL | Request): Promise<ServerLook> {
  try {
    const url = new URL("/metrics", request instanceof Request ? request.url : request);
    const waiting = await withinTime(LOOK_MS, [], async (signal) => {
      const response = await inner(url, { method: "GET", signal });
      if (response.ok) return queueLength(await response.text());
      await response.body?.cancel();
      return undefined;
    });
    return waiting === undefined ? { answers: true } : { answers: true, waiting };
  } catch {
    // Whatever went wrong, it did not answer; that is what is asked here.
    return { answers: false };
  }
}
