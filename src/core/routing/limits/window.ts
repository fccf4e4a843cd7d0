import { z } from "zod";

export const WINDOW_KINDS = ["5h", "daily", "weekly", "monthly", "requests", "tokens", "gpu", "other"] as const;
export type WindowKind = (typeof WINDOW_KINDS)[number];

/** One window of a provider's limit, as whatever source said it. */
export const limitWindowSchema = z.object({
  provider: z.string().min(1),
  account: z.string().optional(),
  /** The model it holds for; all of the provider's where absent. */
  model: z.string().optional(),
  windowKind: z.enum(WINDOW_KINDS),
  windowSeconds: z.number().positive().optional(),
  /** 0 to 100; absent where the source says nothing, which is not 0. */
  usedPercent: z.number().min(0).max(100).optional(),
  /** Milliseconds since the epoch. */
  resetsAt: z.number().positive().optional(),
  source: z.string().min(1),
  /** Milliseconds since the epoch. */
  observedAt: z.number().positive(),
  /** Said by the provider, read off something else, or set by a person. */
  confidence: z.enum(["reported", "derived", "manual"]),
  /** Whether it holds back model requests; a quota of tools does not. */
  blocks: z.boolean(),
});

export type LimitWindow = z.infer<typeof limitWindowSchema>;

/** What a source came to: windows, or why nothing can be said. */
export type LimitReading = { ok: true; windows: LimitWindow[] } | { ok: false; reason: string };

/** The kind of a window by its length: providers put the same one into different slots. Within a tenth counts. */
export function kindOfSeconds(seconds: number): WindowKind {
  const near = (length: number) => Math.abs(seconds - length) <= length / 10;
  if (near(5 * 3600)) return "5h";
  if (near(86_400)) return "daily";
  if (near(7 * 86_400)) return "weekly";
  return near(30 * 86_400) ? "monthly" : "other";
}

/** Seconds of a window whose kind has a length. */
export const SECONDS_OF: Readonly<Partial<Record<WindowKind, number>>> = {
  "5h": 5 * 3600,
  daily: 86_400,
  weekly: 7 * 86_400,
  monthly: 30 * 86_400,
  // No window but a moment: a server's load is believed for as long as a few readings of it take.
  gpu: 10,
};

/** A window of what is common to one reading, and what is its own; values beyond 0 to 100 are held to it. */
export function limitWindow(
  common: Pick<LimitWindow, "provider" | "source" | "observedAt"> & Partial<LimitWindow>,
  kind: WindowKind,
  usedPercent: number | undefined,
  resetsAt?: number,
): LimitWindow {
  const seconds = SECONDS_OF[kind];
  return {
    confidence: "reported",
    blocks: true,
    windowKind: kind,
    ...(seconds === undefined ? {} : { windowSeconds: seconds }),
    ...common,
    ...(usedPercent === undefined ? {} : { usedPercent: Math.min(100, Math.max(0, tidy(usedPercent))) }),
    ...(resetsAt === undefined ? {} : { resetsAt }),
  };
}

/** 0.29 × 100 is 28.999…: a percent needs no more than three digits behind the point. */
function tidy(percent: number): number {
  return Math.round(percent * 1000) / 1000;
}

/** A time as milliseconds since the epoch, from ISO text, or from a number of seconds or milliseconds. */
export function readTime(value: string | number | null | undefined): number | undefined {
  if (value === null || value === undefined || value === "") return undefined;
  const number = typeof value === "number" ? value : /^\d+(?:\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
  // Seconds until the year 2286 have at most ten digits before the point.
  if (!Number.isNaN(number)) return number <= 0 ? undefined : number < 10_000_000_000 ? number * 1000 : number;
  const at = Date.parse(String(value));
  return Number.isNaN(at) ? undefined : at;
}

/** What zod found wrong, in one line. */
export function unreadable(error: z.ZodError): LimitReading {
  const issue = error.issues[0];
  return { ok: false, reason: `${issue?.path.join(".") || "the whole"}: ${issue?.message ?? "not as expected"}` };
}
