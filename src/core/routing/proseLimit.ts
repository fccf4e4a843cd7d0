import type { RouteFailure } from "./failure.ts";

/** A limit's message is short; an answer that talks about limits is not. */
const LONGEST = 400;

/** Beginnings of messages that command lines print in place of an answer (Claude Code, Codex, Gemini CLI). */
const LIMIT =
  /^(?:claude(?: ai)? usage limit reached|you(?:'|’)?(?:ve| have) (?:hit|reached) your (?:usage|\w+[- ]?\w*) limit|(?:5|five)[- ]hour limit reached|weekly limit reached|(?:session|usage|opus) limit reached|quota exceeded for|you have exhausted your (?:daily )?(?:quota|capacity))/i;

/**
 * Reads a subscription's limit that arrives as a plain result: words where an answer was due.
 *
 * @param text the whole result
 * @param now milliseconds since the epoch
 * @returns a quota failure with the reset where the words name one that can be read without a time zone, else undefined
 */
export function proseLimit(text: string, now: number): RouteFailure | undefined {
  const trimmed = text.trim().replace(/^(?:error:|api error:)\s*/i, "");
  if (trimmed.length > LONGEST || !LIMIT.test(trimmed)) return undefined;
  const resetsAt = epochIn(trimmed) ?? spanIn(trimmed, now);
  return resetsAt === undefined ? { kind: "quota" } : { kind: "quota", resetsAt };
}

/** `…|1700000000`: seconds since the epoch behind a bar. */
function epochIn(text: string): number | undefined {
  const seconds = /\|\s*(\d{10})(?!\d)/.exec(text)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

const UNITS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 };

/** `try again in 2 days 3 hours 5 minutes`. */
function spanIn(text: string, now: number): number | undefined {
  const span =
    /\bin ((?:\d+\s*(?:d(?:ays?)?|h(?:ours?|rs?)?|m(?:in(?:ute)?s?)?|s(?:ec(?:ond)?s?)?)(?:,| and)?\s*)+)/i.exec(
      text,
    )?.[1];
  if (span === undefined) return undefined;
  let ms = 0;
  for (const [, count = "0", unit = "s"] of span.matchAll(/(\d+)\s*([dhms])/gi))
    ms += Number(count) * (UNITS[unit.toLowerCase()] ?? 0);
  return now + ms;
}
