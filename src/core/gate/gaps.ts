/** How often each length of a gap was seen: `[ms, times]`, shortest first. */
export type GapCounts = [ms: number, times: number][];

/** The times between the pieces of one answer, in bounded memory. */
export interface GapRecorder {
  /** A piece came. @param now ms on any clock that does not run backwards */
  came(now: number): void;
  counts(): GapCounts;
}

/**
 * Counts gaps by their length: to the millisecond below 100 ms, to two digits above. Of an answer of any length there are at
 * most 90 entries for each power of ten.
 */
export function recordGaps(): GapRecorder {
  const times = new Map<number, number>();
  let last: number | undefined;
  return {
    came(now) {
      if (last !== undefined) {
        const gap = twoDigits(Math.max(0, now - last));
        times.set(gap, (times.get(gap) ?? 0) + 1);
      }
      last = now;
    },
    counts: () => [...times].sort(([a], [b]) => a - b),
  };
}

function twoDigits(ms: number): number {
  return ms < 100 ? Math.round(ms) : Number(ms.toPrecision(2));
}
