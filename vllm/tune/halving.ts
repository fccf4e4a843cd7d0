import { mean } from "./interval.ts";
import type { Measurement } from "./measure.ts";
import { type Point, pointId } from "./points.ts";
import { better, type Goals } from "./rank.ts";

export interface HalvingOptions {
  /** In the order of the prediction; the first is the setting as it is now, which is kept to the end for comparison. */
  points: readonly Point[];
  goals: Goals;
  /** Measurements of each point that stays to the end. */
  repeats: number;
  /** Measurements there are from an earlier run. */
  known: ReadonlyMap<string, readonly Measurement[]>;
  /** Starts a server for the point and measures it `count` times; tells each measurement when it is there. */
  measure: (point: Point, count: number, tell: (one: Measurement) => Promise<void>) => Promise<"done" | "unservable">;
  /** Called after each measurement, with all there are. */
  save: (all: ReadonlyMap<string, readonly Measurement[]>) => Promise<void>;
  onRound?: (round: { points: number; repeats: number }) => void;
}

/**
 * Successive halving: every point is measured once, the better half once more, and so on until one is left beside the
 * present setting or has been measured `repeats` times. What was measured before is not measured again.
 */
export async function halve(options: HalvingOptions): Promise<Map<string, Measurement[]>> {
  const all = new Map([...options.known].map(([id, list]) => [id, [...list]]));
  const [present, ...others] = options.points;
  const of = (point: Point): Measurement | undefined => {
    const list = all.get(pointId(point)) ?? [];
    return list.length === 0 ? undefined : mean(list);
  };
  let left = others;
  for (let wanted = 1; wanted <= options.repeats; wanted += 1) {
    const round = [...(present ? [present] : []), ...left];
    options.onRound?.({ points: round.length, repeats: wanted });
    for (const point of round) {
      const list = all.get(pointId(point)) ?? [];
      if (list.length >= wanted) continue;
      all.set(pointId(point), list);
      await options.measure(point, wanted - list.length, async (one) => {
        list.push(one);
        await options.save(all);
      });
    }
    const order = left
      .flatMap((point) => {
        const measured = of(point);
        return measured ? [{ point, measured }] : [];
      })
      .sort((a, b) => better(a.measured, b.measured, options.goals));
    left = order.slice(0, Math.max(1, Math.ceil(order.length / 2))).map(({ point }) => point);
  }
  for (const [id, list] of all) if (list.length === 0) all.delete(id);
  return all;
}
