import { z } from "zod";
import { parseJson } from "../../gate/json.ts";
import { kindOfSeconds, type LimitReading, type LimitWindow, limitWindow, readTime, unreadable } from "./window.ts";

const PROVIDER = "openai";

/** The `x-ratelimit-*` headers of OpenAI's API; a reset is a span such as `6m0s` or `120ms`. */
export function readOpenAiHeaders(get: (name: string) => string | null | undefined, observedAt: number): LimitReading {
  const common = { provider: PROVIDER, source: "openai-headers", observedAt };
  const windows = (["requests", "tokens"] as const).flatMap((name): LimitWindow[] => {
    const limit = Number(get(`x-ratelimit-limit-${name}`) || Number.NaN);
    const remaining = Number(get(`x-ratelimit-remaining-${name}`) || Number.NaN);
    if (!(limit > 0) || !(remaining >= 0)) return [];
    const span = readSpan(get(`x-ratelimit-reset-${name}`) ?? "");
    const reset = span === undefined ? undefined : observedAt + span;
    return [limitWindow(common, name, (1 - remaining / limit) * 100, reset)];
  });
  return windows.length > 0 ? { ok: true, windows } : { ok: false, reason: "no x-ratelimit headers" };
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A span such as `1h2m3.5s` in milliseconds, undefined where it is none. */
export function readSpan(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/.test(text)) return undefined;
  let ms = 0;
  for (const [, count = "0", unit = "s"] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)) {
    ms += Number(count) * (UNITS[unit] ?? 0);
  }
  return ms;
}

const time = z.union([z.string(), z.number()]).nullish();
const appWindow = z
  .object({ usedPercent: z.number().nullish(), windowDurationMins: z.number().nullish(), resetsAt: time })
  .nullish();
const appServer = z.object({ rateLimits: z.object({ primary: appWindow, secondary: appWindow }) });

/** The result of `account/rateLimits/read` of Codex's app server. A window is what its duration says, not its slot. */
export function readCodexAppServer(result: unknown, observedAt: number): LimitReading {
  const parsed = appServer.safeParse(result);
  if (!parsed.success) return unreadable(parsed.error);
  const { primary, secondary } = parsed.data.rateLimits;
  return codexWindows(
    [primary, secondary].map((one) => ({
      percent: one?.usedPercent,
      minutes: one?.windowDurationMins,
      resetsAt: readTime(one?.resetsAt),
    })),
    "codex-app-server",
    observedAt,
  );
}

const rolloutWindow = z
  .object({
    used_percent: z.number().nullish(),
    window_minutes: z.number().nullish(),
    resets_at: time,
    resets_in_seconds: z.number().nullish(),
  })
  .nullish();
const rolloutLine = z.object({
  timestamp: z.string().nullish(),
  payload: z.object({
    type: z.literal("token_count"),
    rate_limits: z.object({ primary: rolloutWindow, secondary: rolloutWindow }),
  }),
});

/**
 * The newest `token_count` with limits in a Codex rollout file (JSON Lines). Lines that are something else, or torn, are
 * passed over.
 *
 * @param readAt when the file was read, for lines without a time (milliseconds since the epoch)
 */
export function readCodexRollout(text: string, readAt: number): LimitReading {
  for (const line of text.split("\n").reverse()) {
    if (!line.includes('"token_count"')) continue;
    const parsed = rolloutLine.safeParse(parseJson(line));
    if (!parsed.success) continue;
    const observedAt = readTime(parsed.data.timestamp) ?? readAt;
    const { primary, secondary } = parsed.data.payload.rate_limits;
    const reading = codexWindows(
      [primary, secondary].map((one) => ({
        percent: one?.used_percent,
        minutes: one?.window_minutes,
        resetsAt:
          readTime(one?.resets_at) ??
          (typeof one?.resets_in_seconds === "number" ? observedAt + one.resets_in_seconds * 1000 : undefined),
      })),
      "codex-rollout",
      observedAt,
    );
    if (reading.ok) return reading;
  }
  return { ok: false, reason: "no token_count with rate limits in this file" };
}

function codexWindows(
  slots: readonly {
    percent: number | null | undefined;
    minutes: number | null | undefined;
    resetsAt: number | undefined;
  }[],
  source: string,
  observedAt: number,
): LimitReading {
  const windows = slots.flatMap(({ percent, minutes, resetsAt }): LimitWindow[] => {
    if (typeof percent !== "number" && resetsAt === undefined) return [];
    const seconds = typeof minutes === "number" && minutes > 0 ? minutes * 60 : undefined;
    const kind = seconds === undefined ? "other" : kindOfSeconds(seconds);
    const length = seconds === undefined ? {} : { windowSeconds: seconds };
    return [limitWindow({ provider: PROVIDER, source, observedAt, ...length }, kind, percent ?? undefined, resetsAt)];
  });
  return windows.length > 0 ? { ok: true, windows } : { ok: false, reason: "no window in the answer" };
}
