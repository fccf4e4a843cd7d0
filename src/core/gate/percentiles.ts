/** Percentiles by nearest rank: each is a value that was measured. */
export interface Percentiles {
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

/** @param counts how often each value was seen, in any order; undefined where nothing was */
export function percentiles(counts: ReadonlyMap<number, number>): Percentiles | undefined {
  const sorted = [...counts].filter(([, times]) => times > 0).sort(([a], [b]) => a - b);
  const total = sorted.reduce((sum, [, times]) => sum + times, 0);
  if (total === 0) return undefined;
  const at = (share: number) => {
    let left = Math.ceil(share * total);
    for (const [value, times] of sorted) {
      left -= times;
      if (left <= 0) return value;
    }
    return sorted.at(-1)?.[0] ?? 0;
  };
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}
