/** Weight of the newest latency in the running average. */
export const EMA_ALPHA = 0.3;

/** The exponentially weighted average with one more value; the first value is the average. */
export function ema(average: number | undefined, value: number): number {
  return average === undefined ? value : EMA_ALPHA * value + (1 - EMA_ALPHA) * average;
}

/** So long after an error half of what it took is given back (ms). */
const ERROR_HALF_LIFE_MS = 60_000;

/**
 * The weight after recent errors: each fresh one halves it, and half of each one's effect has passed after a minute.
 *
 * @param pressure how many fresh errors it comes to, at `since`
 */
export function weightAfterErrors(weight: number, pressure: number): number {
  return weight * 0.5 ** pressure;
}

/** What errors come to after `elapsedMs`. */
export function decayedPressure(pressure: number, elapsedMs: number): number {
  return pressure * 0.5 ** (Math.max(0, elapsedMs) / ERROR_HALF_LIFE_MS);
}

/**
 * One draw by weight, without chance: everybody gains their weight, the fullest is drawn and pays the sum. Over any stretch
 * each is drawn as often as its weight says, and never in a clump.
 *
 * @param credits what each has gained so far; changed in place
 */
export function drawByWeight(
  names: readonly string[],
  weightOf: (name: string) => number,
  credits: Map<string, number>,
): string | undefined {
  let drawn: string | undefined;
  let most = Number.NEGATIVE_INFINITY;
  let sum = 0;
  for (const name of names) {
    const weight = weightOf(name);
    sum += weight;
    const credit = (credits.get(name) ?? 0) + weight;
    credits.set(name, credit);
    if (credit > most) {
      most = credit;
      drawn = name;
    }
  }
  if (drawn !== undefined) credits.set(drawn, most - sum);
  return drawn;
}
