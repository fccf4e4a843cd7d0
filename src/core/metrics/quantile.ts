import type { SecondsHistogram } from "./serverSnapshot.ts";

/**
 * A quantile of a histogram in seconds, interpolated inside its bucket as Prometheus does; the last finite bound where it
 * lies beyond. Undefined without observations.
 *
 * @param share 0 to 1
 */
export function histogramQuantile(histogram: SecondsHistogram, share: number): number | undefined {
  const total = histogram.buckets.at(-1)?.count ?? 0;
  if (total === 0) return undefined;
  const rank = share * total;
  let below = 0;
  let lower = 0;
  for (const { le, count } of histogram.buckets) {
    if (count >= rank && count > below) {
      if (!Number.isFinite(le)) return lower;
      return lower + (le - lower) * Math.max(0, (rank - below) / (count - below));
    }
    below = count;
    lower = le;
  }
  return Number.isFinite(lower) ? lower : undefined;
}
