import { z } from "zod";
import { type LimitReading, type LimitWindow, limitWindow, readTime, unreadable } from "./window.ts";

const quota = z.object({
  buckets: z.array(
    z.object({
      remainingFraction: z.number().nullish(),
      resetTime: z.union([z.string(), z.number()]).nullish(),
      modelId: z.string().nullish(),
    }),
  ),
});

/** Code Assist's `retrieveUserQuota`: what is left of each model's day. */
export function readGeminiQuota(input: unknown, observedAt: number): LimitReading {
  const parsed = quota.safeParse(input);
  if (!parsed.success) return unreadable(parsed.error);
  const windows = parsed.data.buckets.map(({ remainingFraction, resetTime, modelId }): LimitWindow => {
    const model = modelId ? { model: modelId } : {};
    const used = typeof remainingFraction === "number" ? (1 - remainingFraction) * 100 : undefined;
    return limitWindow(
      { provider: "gemini", source: "gemini-quota", observedAt, ...model },
      "daily",
      used,
      readTime(resetTime),
    );
  });
  return windows.length > 0 ? { ok: true, windows } : { ok: false, reason: "the answer holds no bucket" };
}
