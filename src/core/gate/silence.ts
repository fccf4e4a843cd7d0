import { readSnapshot } from "../metrics/serverSnapshot.ts";

/** What a look at a model server told while one of its requests has no first byte yet. */
export type ServerLook =
  /** It did not answer the look. */
  | { answers: false }
  /** It answered; `waiting` is the number of requests in its queue, where it says. */
  | { answers: true; waiting?: number };

/**
 * Why nothing has come yet. `stalled`: the server is there, queues nothing, and still gives no token. A server that cannot
 * say how long its queue is counts as one without a queue.
 */
export type SilenceVerdict = "stalled" | "queued" | "unreachable";

export function judgeSilence(look: ServerLook): SilenceVerdict {
  if (!look.answers) return "unreachable";
  return (look.waiting ?? 0) > 0 ? "queued" : "stalled";
}

/** Requests that wait in the server's queue, summed over engines; undefined where the text does not say. */
export function queueLength(metrics: string): number | undefined {
  return readSnapshot(metrics).waiting;
}
