import { expect, test } from "vitest";
import {
  ahead,
  type CacheMirror,
  emptyMirror,
  isWhole,
  leftBehind,
  over,
  paceAt,
  used,
  wanted,
} from "../../../src/core/schedule/cacheMirror.ts";

const unit = (session: string, tokens: number) => ({ session, tokens });
/** A session's request, begun and answered. */
const turn = (mirror: CacheMirror, session: string, tokens: number) =>
  leftBehind(used(mirror, unit(session, tokens), 0, undefined), unit(session, tokens));
const empty = (size: number, beside = 0) => emptyMirror(size, beside, [], 0);

test("what was unused longest is forgotten first, and a part of it is all of it", () => {
  const two = turn(turn(empty(100), "a", 40), "b", 40);
  expect([ahead(two, "a"), ahead(two, "b")]).toEqual([20, 60]);
  const third = turn(two, "c", 30);
  expect(["a", "b", "c"].map((each) => isWhole(third, each))).toEqual([false, true, true]);
  expect(third.left[0]).toMatchObject({ session: "a", tokens: 30 });
});

test("a session that goes on takes what it grew by; one that was forgotten, all that is gone", () => {
  const two = turn(turn(empty(100), "a", 40), "b", 40);
  expect(wanted(two, unit("b", 45))).toBe(5);
  const third = turn(two, "c", 30);
  expect(wanted(third, unit("a", 50))).toBe(20);
  expect(wanted(third, unit("d", 50))).toBe(50);
  // What is left of a is no room for a itself.
  expect([ahead(third, "b", "d"), ahead(third, "b", "a")]).toEqual([30, 0]);
});

test("use makes young again", () => {
  const used = turn(turn(turn(empty(100), "a", 40), "b", 40), "a", 42);
  expect([ahead(used, "a"), ahead(used, "b")]).toEqual([58, 18]);
});

test("recurrent states: one in use and one kept, and each turn leaves one behind that nobody needs", () => {
  const first = turn(empty(1_000, 20), "a", 100);
  expect(first).toMatchObject({ blank: 890, left: [{ session: "a", tokens: 110 }] });
  expect(turn(first, "a", 105)).toMatchObject({
    blank: 875,
    left: [{ tokens: 10 }, { session: "a", tokens: 115 }],
  });
  // Read in three pieces, the states of two are not needed.
  expect(turn(empty(50_000, 20), "b", 20_000)).toMatchObject({ left: [{ tokens: 20 }, { session: "b" }] });
});

test("a second request of a session under way takes what it is longer by", () => {
  const one = used(empty(100), unit("a", 40), 0, undefined);
  expect(used(one, unit("a", 55), 0, 40).blank).toBe(45);
  expect(used(one, unit("a", 35), 0, 40).blank).toBe(60);
});

test("more under way than fits is owed", () => {
  const crowded = used(used(empty(100), unit("a", 80), 0, undefined), unit("b", 50), 0, undefined);
  expect(crowded.blank).toBe(-30);
  expect(leftBehind(crowded, unit("a", 80))).toMatchObject({ blank: -30, left: [{ session: "a", tokens: 80 }] });
});

test("what a session that is over left goes like all else, and is nobody's", () => {
  const done = over(turn(empty(100), "a", 40), "a");
  expect(isWhole(done, "a")).toBe(false);
  expect(done.left).toEqual([{ tokens: 40, whole: false }]);
  expect(over(turn(done, "b", 30), "b").left).toEqual([{ tokens: 70, whole: false }]);
});

test("the pace is what was taken of late", () => {
  const once = used(empty(100), unit("a", 40), 0, undefined);
  expect(paceAt(once, 0)).toBeCloseTo(0.01);
  expect(paceAt(once, 4_000)).toBeCloseTo(0.01 / Math.E);
  expect(paceAt(used(once, unit("b", 40), 4_000, undefined), 4_000)).toBeCloseTo(0.01 + 0.01 / Math.E);
});
