/** A median with the bounds between which 95 % of its bootstrap resamples lie. */
export interface Estimate {
  median: number;
  low: number;
  high: number;
  /** Number of values. */
  n: number;
}

const RESAMPLES = 5_000;
/** Any number: the same values give the same interval every time. */
const SEED = 0x5eed;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? Number.NaN)) / 2;
}

/** The median with its 95 % percentile bootstrap interval. */
export function estimate(values: readonly number[]): Estimate {
  const random = mulberry32(SEED);
  const medians = Array.from({ length: RESAMPLES }, () =>
    median(values.map(() => values[Math.floor(random() * values.length)] ?? Number.NaN)),
  ).sort((a, b) => a - b);
  const at = (share: number) => round(medians[Math.floor(share * (RESAMPLES - 1))] ?? Number.NaN);
  return { median: round(median(values)), low: at(0.025), high: at(0.975), n: values.length };
}

export function round(value: number, digits = 3): number {
  return Number(value.toFixed(digits));
}

/** A small generator with a seed (Mulberry32): a benchmark's interval must not depend on chance. */
export function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
