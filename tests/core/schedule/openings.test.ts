import { expect, test } from "vitest";
import type { Opening, UnitRole } from "../../../src/core/schedule/model.ts";
import { noteOpening, ownTokens } from "../../../src/core/schedule/openings.ts";

const unit = (session: string, tokens: number, role: UnitRole = "worker", owner = "swarm") => ({
  session,
  tokens,
  role,
  owner,
});
const noted = (...units: ReturnType<typeof unit>[]) =>
  units.reduce<readonly Opening[]>((known, each) => noteOpening(known, each, 0.8, () => true), []);

test("the first session has the opening, the others have it from there", () => {
  const known = noted(unit("a", 5_000));
  expect(ownTokens(known, unit("a", 9_000))).toBe(9_000);
  expect(ownTokens(known, unit("b", 6_000))).toBe(2_000);
});

test("each role of each swarm has its own", () => {
  const known = noted(unit("a", 5_000));
  expect(ownTokens(known, unit("s", 6_000, "scout"))).toBe(6_000);
  expect(ownTokens(known, unit("b", 6_000, "worker", "other"))).toBe(6_000);
});

test("it is no longer than the smallest request allows, nor than a first request can be", () => {
  expect(ownTokens(noted(unit("a", 40_000)), unit("b", 30_000))).toBe(22_000);
  expect(ownTokens(noted(unit("a", 40_000), unit("b", 5_000)), unit("c", 30_000))).toBe(26_000);
});

test("Commanders, jobs and people share nothing", () => {
  expect(noted(unit("a", 5_000, "commander"), unit("b", 5_000, "job"), unit("c", 5_000, "person"))).toEqual([]);
});

test("where the session that has it is gone, the next one has it", () => {
  const known = noteOpening(noted(unit("a", 5_000)), unit("b", 9_000), 0.8, (session) => session !== "a");
  expect(ownTokens(known, unit("b", 9_000))).toBe(9_000);
  expect(ownTokens(known, unit("c", 9_000))).toBe(5_000);
});

test("swarms of long ago are forgotten", () => {
  const many = noted(...Array.from({ length: 100 }, (_, index) => unit(`s${index}`, 5_000, "worker", `swarm${index}`)));
  expect(many.length).toBeLessThan(100);
  expect(ownTokens(many, unit("late", 9_000, "worker", "swarm99"))).toBe(5_000);
});
