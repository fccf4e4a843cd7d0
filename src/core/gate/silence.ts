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

/** vLLM V1's gauge, summed over engines; undefined where the text has none. */
export function queueLength(metrics: string): number | undefined {
  const values = [...metrics.matchAll(/^vllm:num_requests_waiting(?:\{[^}]*\})? ([0-9.e+]+)$/gmu)];
  const sum = values.reduce((total, [, value]) => total + Number(value), 0);
  return values.length === 0 || Number.isNaN(sum) ? undefined : sum;
}
