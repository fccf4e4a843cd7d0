/** Tokens for a narrow place: 567, 1.2k, 48k, 2.1M. */
export function shortTokens(tokens: number): string {
  for (const [unit, size] of UNITS) {
    // What would round to 1000 of a unit is one of the next.
    if (tokens >= size * (1 - 0.00005)) return `${trimmed(tokens / size)}${unit}`;
  }
  return String(Math.round(tokens));
}

const UNITS = [
  ["G", 1e9],
  ["M", 1e6],
  ["k", 1e3],
] as const;

function trimmed(value: number): string {
  return value.toFixed(1).replace(/\.0$/, "");
}

/** Tokens to and from one provider. */
export interface Traffic {
  input: number;
  output: number;
}

/** What is known of the limits that hold work back, in percent; absent is unknown, which is not 0. */
export interface LimitLine {
  "5h"?: number;
  weekly?: number;
  monthly?: number;
}

const LETTERS = [
  ["C", "claude"],
  ["O", "openai"],
  ["G", "gemini"],
  ["L", "local"],
] as const;
const WINDOWS = [
  ["5h", "5h"],
  ["wk", "weekly"],
  ["mo", "monthly"],
] as const;

/** The status line: `C:1.2k↓ 567↑|O:…|G:…|L:… · 5h:42% wk:17% mo:8%`; the second half only where a limit is known. */
export function statusLine(traffic: Readonly<Record<string, Traffic>>, limits: LimitLine): string {
  const tokens = LETTERS.map(([letter, provider]) => {
    const { input, output } = traffic[provider] ?? { input: 0, output: 0 };
    return `${letter}:${shortTokens(input)}↓ ${shortTokens(output)}↑`;
  }).join("|");
  const known = WINDOWS.flatMap(([name, window]) => {
    const percent = limits[window];
    return percent === undefined ? [] : [`${name}:${Math.round(percent)}%`];
  });
  return known.length === 0 ? tokens : `${tokens} · ${known.join(" ")}`;
}
