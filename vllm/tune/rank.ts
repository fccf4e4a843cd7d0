import type { Measurement } from "./measure.ts";
import { type Point, pointId } from "./points.ts";

/** What the person wants kept; milliseconds. */
export interface Goals {
  ttftP95: number;
  itlP95: number;
}

/** A first word after five seconds feels stuck; 50 ms a token is 20 tokens a second, faster than one reads. */
export const DEFAULT_GOALS: Goals = { ttftP95: 5_000, itlP95: 50 };

/** How far a measurement is above its goals: 1 or less is kept. Requests that failed keep no goal. */
export function strain(measured: Measurement, goals: Goals): number {
  if (measured.failed > 0) return Number.POSITIVE_INFINITY;
  return Math.max(measured.ttftMs.p95 / goals.ttftP95, measured.itlMs.p95 / goals.itlP95);
}

/** Which of two comes first: who keeps the goals, the faster of two that do, the nearer of two that do not. Negative: `a`. */
export function better(a: Measurement, b: Measurement, goals: Goals): number {
  const [one, other] = [strain(a, goals), strain(b, goals)];
  if (one <= 1 !== other <= 1) return one <= 1 ? -1 : 1;
  if (one <= 1) return b.tokensPerSecond - a.tokensPerSecond;
  return one === other ? 0 : one - other;
}

export interface Measured {
  point: Point;
  measured: Measurement;
}

/** The points no other is at least as good as in every respect: throughput, first token, tokens between. */
export function paretoFront<M extends Measured>(all: readonly M[]): M[] {
  const dominates = (a: Measurement, b: Measurement): boolean => {
    const pairs = [
      [a.tokensPerSecond, b.tokensPerSecond],
      [-a.ttftMs.p95, -b.ttftMs.p95],
      [-a.itlMs.p95, -b.itlMs.p95],
    ] as const;
    return pairs.every(([x, y]) => x >= y) && pairs.some(([x, y]) => x > y);
  };
  return all.filter(({ measured }) => !all.some((other) => dominates(other.measured, measured)));
}

/** Throughputs nearer to each other than this are the same: no measurement tells them apart. */
const SAME = 0.01;

/**
 * Best first. Of those that keep the goals and are as fast as the fastest (within 1 %), the present setting comes first:
 * nothing is changed for nothing. Then the sooner first token, the longer context, the least sequences that hold every
 * session.
 */
export function rankPoints<M extends Measured>(
  all: readonly M[],
  about: { goals: Goals; sessions: number; present: Point },
): M[] {
  const { goals, sessions } = about;
  const fastest = Math.max(...all.map(({ measured }) => (strain(measured, goals) <= 1 ? measured.tokensPerSecond : 0)));
  const group = ({ measured }: M) =>
    strain(measured, goals) > 1 ? 2 : measured.tokensPerSecond >= fastest * (1 - SAME) ? 0 : 1;
  const isPresent = ({ point }: M) => (pointId(point) === pointId(about.present) ? 0 : 1);
  const places = ({ maxNumSeqs }: Point) => (maxNumSeqs >= sessions ? maxNumSeqs : 10_000 - maxNumSeqs);
  return [...all].sort((a, b) => {
    const [one, other] = [group(a), group(b)];
    if (one !== other) return one - other;
    const first =
      one === 0
        ? isPresent(a) - isPresent(b) || a.measured.ttftMs.p95 - b.measured.ttftMs.p95
        : better(a.measured, b.measured, goals);
    return (
      first ||
      b.point.context - a.point.context ||
      places(a.point) - places(b.point) ||
      a.point.maxNumBatchedTokens - b.point.maxNumBatchedTokens
    );
  });
}

/** The first of each group the model cannot tell apart, in order: to measure two of them would teach nothing new. */
export function distinct<M extends { measured: Measurement }>(ranked: readonly M[]): M[] {
  const seen = new Set<string>();
  return ranked.filter(({ measured: { tokensPerSecond, ttftMs, itlMs } }) => {
    const key = [tokensPerSecond, ttftMs.p50, ttftMs.p95, itlMs.p50, itlMs.p95].join(" ");
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
