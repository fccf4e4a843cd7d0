import { z } from "zod";
import { type LimitReading, type LimitWindow, limitWindow, readTime, unreadable, type WindowKind } from "./window.ts";

const limit = z.object({
  type: z.string(),
  unit: z.number().nullish(),
  number: z.number().nullish(),
  percentage: z.number().nullish(),
  nextResetTime: z.union([z.string(), z.number()]).nullish(),
});
const quota = z.object({ data: z.object({ limits: z.array(limit) }) });

/** z.ai's quota: tokens of five hours and of a week, and a month's tools, which hold back no model request. */
export function readZaiQuota(input: unknown, observedAt: number): LimitReading {
  const parsed = quota.safeParse(input);
  if (!parsed.success) return unreadable(parsed.error);
  const windows = parsed.data.data.limits.flatMap((one): LimitWindow[] => {
    const kind = kindOf(one);
    if (kind === undefined) return [];
    const common = { provider: "zai", source: "zai-quota", observedAt, blocks: one.type === "TOKENS_LIMIT" };
    return [limitWindow(common, kind, one.percentage ?? undefined, readTime(one.nextResetTime))];
  });
  return windows.length > 0 ? { ok: true, windows } : { ok: false, reason: "the answer holds no limit that is known" };
}

/** Units as z.ai numbers them: 3 hours, 5 months, 6 weeks. */
function kindOf({ type, unit, number }: z.infer<typeof limit>): WindowKind | undefined {
  if (type === "TIME_LIMIT") return unit === 5 ? "monthly" : "other";
  if (type !== "TOKENS_LIMIT") return undefined;
  if (unit === 3 && number === 5) return "5h";
  return unit === 6 && number === 1 ? "weekly" : "other";
}
