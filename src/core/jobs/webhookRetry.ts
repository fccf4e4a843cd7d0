/** What a try to call a webhook came to. */
export type WebhookTry = { status: number; retryAfterS?: number | undefined } | { error: string };

/** Waits between tries (ms). */
const WAITS = [1_000, 4_000, 15_000] as const;
/** The longest a server may ask us to wait (ms). */
const LONGEST_WAIT = 60_000;

/**
 * What follows a try: done, another one after a while, or giving up. What the server says is our mistake stays one; where it
 * is busy, broken or away, it is asked again.
 *
 * @param tries so far, this one included
 */
export function afterTry(
  outcome: WebhookTry,
  tries: number,
): { kind: "done" } | { kind: "again"; waitMs: number } | { kind: "failed"; reason: string } {
  if ("status" in outcome && outcome.status >= 200 && outcome.status < 300) return { kind: "done" };
  const reason = "error" in outcome ? outcome.error : `HTTP ${outcome.status}`;
  const hopeless = "status" in outcome && outcome.status < 500 && outcome.status !== 429 && outcome.status !== 408;
  const wait = WAITS[tries - 1];
  if (hopeless || wait === undefined) return { kind: "failed", reason: `${reason} after ${tries} tries` };
  const asked = "retryAfterS" in outcome && outcome.retryAfterS !== undefined ? outcome.retryAfterS * 1_000 : 0;
  return { kind: "again", waitMs: Math.min(Math.max(wait, asked), LONGEST_WAIT) };
}
