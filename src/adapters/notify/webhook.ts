import { createHmac } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { signedText, webhookBody } from "../../core/jobs/noticeBodies.ts";
import type { EndedJob } from "../../core/jobs/record.ts";
import { afterTry, type WebhookTry } from "../../core/jobs/webhookRetry.ts";
import type { JobNotifier } from "../../ports/jobNotifier.ts";
import { messageOf } from "../../ports/thrown.ts";
import { withinTime } from "../../ports/timeLimit.ts";

export interface WebhookSettings {
  url: string;
  body: "json" | "slack";
  /** Signs the body; without it nothing is signed. */
  secret?: string | undefined;
  /** In place of waiting (ms); for tests. */
  wait?(ms: number): Promise<unknown>;
}

/** Until a try is given up (ms). */
const TRY_MS = 10_000;

/**
 * POSTs the end of a job. `x-omq-signature: sha256=…` is the HMAC-SHA256, in hex, of the text of `x-omq-timestamp`, a dot and
 * the body. Redirects are not followed: they lead where nobody sent us.
 */
export function webhookNotifier({ url, body: kind, secret, wait = sleep }: WebhookSettings): JobNotifier {
  const once = async (job: EndedJob, body: string): Promise<WebhookTry> => {
    const seconds = Math.floor(Date.now() / 1000);
    const signature = secret && createHmac("sha256", secret).update(signedText(seconds, body)).digest("hex");
    try {
      return await withinTime(TRY_MS, [], async (signal) => {
        const response = await fetch(url, {
          method: "POST",
          body,
          redirect: "manual",
          signal,
          headers: {
            "content-type": "application/json",
            "user-agent": "oh-my-qwencoder",
            "x-omq-delivery": job.task_id,
            "x-omq-timestamp": String(seconds),
            ...(signature ? { "x-omq-signature": `sha256=${signature}` } : {}),
          },
        });
        await response.body?.cancel();
        const after = Number(response.headers.get("retry-after") ?? Number.NaN);
        return { status: response.status, retryAfterS: Number.isFinite(after) ? after : undefined };
      });
    } catch (error) {
      const cause = error instanceof Error && error.cause !== undefined ? `: ${messageOf(error.cause)}` : "";
      return { error: `${messageOf(error)}${cause}` };
    }
  };
  return {
    name: "webhook",
    tell: async (job) => {
      const body = webhookBody(job, kind);
      for (let tries = 1; ; tries += 1) {
        const next = afterTry(await once(job, body), tries);
        if (next.kind === "done") return;
        // The address may have a secret in it: it is not named.
        if (next.kind === "failed") throw new Error(`the webhook was not reached: ${next.reason}`);
        await wait(next.waitMs);
      }
    },
  };
}
