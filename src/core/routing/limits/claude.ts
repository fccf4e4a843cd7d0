import { z } from "zod";
import { type LimitReading, type LimitWindow, limitWindow, readTime, unreadable, type WindowKind } from "./window.ts";

const PROVIDER = "claude";
const KINDS = { five_hour: "5h", seven_day: "weekly" } as const satisfies Record<string, WindowKind>;
const time = z.union([z.string(), z.number()]).nullish();

const statusLine = z.object({
  rate_limits: z
    .object({
      five_hour: z.object({ used_percentage: z.number().nullish(), resets_at: time }).nullish(),
      seven_day: z.object({ used_percentage: z.number().nullish(), resets_at: time }).nullish(),
    })
    .nullish(),
});

/** What Claude Code (from 2.1.80 on) writes to its status line's standard input. Percents are 0 to 100. */
export function readStatusLine(input: unknown, observedAt: number): LimitReading {
  const parsed = statusLine.safeParse(input);
  if (!parsed.success) return unreadable(parsed.error);
  const limits = parsed.data.rate_limits;
  if (!limits)
    return { ok: false, reason: "no rate_limits: Claude Code is older than 2.1.80, or no request was made yet" };
  const common = { provider: PROVIDER, source: "claude-statusline", observedAt };
  const windows = (["five_hour", "seven_day"] as const).flatMap((name): LimitWindow[] => {
    const one = limits[name];
    return one ? [limitWindow(common, KINDS[name], one.used_percentage ?? undefined, readTime(one.resets_at))] : [];
  });
  return windows.length > 0 ? { ok: true, windows } : { ok: false, reason: "rate_limits holds no window" };
}

const unified = z.object({ utilization: z.number().nullish(), resetsAt: time });
const rateLimitEvent = z.object({
  type: z.literal("rate_limit_event"),
  rate_limit_info: z.object({
    status: z.string(),
    resetsAt: time,
    rateLimitType: z.string().nullish(),
    utilization: z.number().nullish(),
    isUsingOverage: z.boolean().nullish(),
    unifiedWindows: z.object({ five_hour: unified.nullish(), seven_day: unified.nullish() }).nullish(),
  }),
});

/**
 * A `rate_limit_event` of Claude Code's stream-json. Its utilisation is a fraction, and absent while all is well: then it
 * is unknown. Rejected, or paid for as overage, is 100 %.
 */
export function readStreamEvent(input: unknown, observedAt: number): LimitReading {
  const parsed = rateLimitEvent.safeParse(input);
  if (!parsed.success) return unreadable(parsed.error);
  const info = parsed.data.rate_limit_info;
  const common = { provider: PROVIDER, source: "claude-stream", observedAt };
  const windows = new Map<WindowKind, LimitWindow>();
  for (const name of ["five_hour", "seven_day"] as const) {
    const one = info.unifiedWindows?.[name];
    if (one)
      windows.set(KINDS[name], limitWindow(common, KINDS[name], percentOf(one.utilization), readTime(one.resetsAt)));
  }
  const type = info.rateLimitType ?? "";
  const kind: WindowKind | undefined = type.startsWith("seven_day")
    ? "weekly"
    : type === "five_hour"
      ? "5h"
      : undefined;
  if (kind !== undefined) {
    const exhausted = info.status === "rejected" || info.isUsingOverage === true;
    const percent = exhausted ? 100 : (percentOf(info.utilization) ?? windows.get(kind)?.usedPercent);
    windows.set(kind, limitWindow(common, kind, percent, readTime(info.resetsAt)));
  }
  return windows.size > 0
    ? { ok: true, windows: [...windows.values()] }
    : { ok: false, reason: `the event names no window (${type || "no type"})` };
}

/**
 * The `anthropic-ratelimit-unified-*` headers of a subscription's answer, fractions all. In overage the windows' headers
 * vanish and a status says so: that is 100 %, not 0.
 *
 * @param get a header's value by its lower-case name
 */
export function readUnifiedHeaders(get: (name: string) => string | null | undefined, observedAt: number): LimitReading {
  const head = "anthropic-ratelimit-unified";
  const common = { provider: PROVIDER, source: "claude-headers", observedAt };
  const windows = (["5h", "7d"] as const).flatMap((name): LimitWindow[] => {
    const utilization = fraction(get(`${head}-${name}-utilization`));
    const reset = readTime(get(`${head}-${name}-reset`));
    if (utilization === undefined && reset === undefined) return [];
    return [limitWindow(common, name === "5h" ? "5h" : "weekly", percentOf(utilization), reset)];
  });
  if (windows.length > 0) return { ok: true, windows };
  const status = `${get(`${head}-status`) ?? ""} ${get(`${head}-overage-status`) ?? ""} ${get(`${head}-overage-in-use`) ?? ""}`;
  const reset = readTime(get(`${head}-reset`));
  if (/rejected|\btrue\b/i.test(status) || get(`${head}-overage-status`))
    return { ok: true, windows: [limitWindow(common, "5h", 100, reset)] };
  return { ok: false, reason: "no anthropic-ratelimit-unified headers" };
}

/** The `anthropic-ratelimit-{requests,tokens,…}` headers of an answer to an API key. */
export function readApiKeyHeaders(get: (name: string) => string | null | undefined, observedAt: number): LimitReading {
  const common = { provider: PROVIDER, source: "anthropic-headers", observedAt };
  const names = ["requests", "tokens", "input-tokens", "output-tokens"] as const;
  const windows = names.flatMap((name): LimitWindow[] => {
    const limit = amount(get(`anthropic-ratelimit-${name}-limit`));
    const remaining = amount(get(`anthropic-ratelimit-${name}-remaining`));
    if (limit === undefined || remaining === undefined || limit === 0) return [];
    const reset = readTime(get(`anthropic-ratelimit-${name}-reset`));
    return [limitWindow(common, name === "requests" ? "requests" : "tokens", (1 - remaining / limit) * 100, reset)];
  });
  return windows.length > 0 ? { ok: true, windows } : { ok: false, reason: "no anthropic-ratelimit headers" };
}

const usageWindow = z.object({ utilization: z.number().nullish(), resets_at: time }).nullish();
const usage = z.object({
  five_hour: usageWindow,
  seven_day: usageWindow,
  seven_day_opus: usageWindow,
  seven_day_sonnet: usageWindow,
});

/** The undocumented usage endpoint. Percents are 0 to 100. */
export function readUsageEndpoint(input: unknown, observedAt: number): LimitReading {
  const parsed = usage.safeParse(input);
  if (!parsed.success) return unreadable(parsed.error);
  const common = { provider: PROVIDER, source: "claude-usage", observedAt };
  const { data } = parsed;
  const one = (window: z.infer<typeof usageWindow>, kind: WindowKind, model?: string): LimitWindow[] =>
    window
      ? [
          limitWindow(
            { ...common, ...(model === undefined ? {} : { model }) },
            kind,
            window.utilization ?? undefined,
            readTime(window.resets_at),
          ),
        ]
      : [];
  const windows = [
    ...one(data.five_hour, "5h"),
    ...one(data.seven_day, "weekly"),
    ...one(data.seven_day_opus, "weekly", "opus"),
    ...one(data.seven_day_sonnet, "weekly", "sonnet"),
  ];
  return windows.length > 0 ? { ok: true, windows } : { ok: false, reason: "the answer holds no window" };
}

function percentOf(share: number | null | undefined): number | undefined {
  return share === null || share === undefined ? undefined : share * 100;
}

function fraction(text: string | null | undefined): number | undefined {
  return amount(text);
}

/** A number in a header; undefined for nothing and for what is none. */
function amount(text: string | null | undefined): number | undefined {
  if (text === null || text === undefined || !/^\s*\d+(?:\.\d+)?\s*$/.test(text)) return undefined;
  return Number(text);
}
