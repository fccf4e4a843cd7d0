import fc from "fast-check";
import { expect, it } from "vitest";
import { Ring } from "../../../src/core/tracking/ring.ts";

it("holds what a list of everything ends with, in order", () => {
  const pushes = fc.array(fc.integer(), { maxLength: 50 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), pushes, fc.integer({ min: -3, max: 60 }), (capacity, items, most) => {
      const ring = new Ring<number>(capacity);
      for (const item of items) ring.push(item);
      const kept = items.slice(-capacity);
      expect(ring.size).toBe(kept.length);
      expect(ring.last(most)).toEqual(most <= 0 ? [] : kept.slice(-most));
      expect(ring.last(Number.POSITIVE_INFINITY)).toEqual(kept);
    }),
  );
});

it("takes no capacity that is none", () => {
  for (const capacity of [0, -1, 1.5, Number.NaN]) expect(() => new Ring(capacity)).toThrow(RangeError);
});
