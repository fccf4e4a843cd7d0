/** Percent points below the threshold at which a limit is let go: 90 on, 85 off. */
export const HYSTERESIS = 5;

/**
 * Whether the limit counts as reached. Between the two marks nothing moves; an unknown utilisation is no limit.
 *
 * @param was whether it counted before
 * @param percent the fullest known window, undefined where none is known
 * @param threshold percent at which it begins
 */
export function limitReached(was: boolean, percent: number | undefined, threshold: number): boolean {
  if (percent === undefined) return false;
  return percent >= threshold || (was && percent > threshold - HYSTERESIS);
}
