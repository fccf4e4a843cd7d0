import { expect, test } from "vitest";
import { Calibration } from "../../../src/core/schedule/calibration.ts";

test("four bytes a token until the server counted, then what it counted, for that session alone", () => {
  const calibration = new Calibration();
  expect(calibration.sent("a", 40_000)).toBe(11_000);
  calibration.counted("a", 8_000);
  expect(calibration.sent("a", 50_000)).toBe(11_000);
  expect(calibration.sent("b", 40_000)).toBe(11_000);
});

test.each([0, Number.NaN, -5, 1_000_000_000])("a count of %d tokens is not believed", (count) => {
  const calibration = new Calibration();
  calibration.sent("a", 40_000);
  calibration.counted("a", count);
  expect(calibration.sent("a", 40_000)).toBe(11_000);
});

test("a session that is gone leaves nothing behind", () => {
  const calibration = new Calibration();
  calibration.sent("a", 40_000);
  calibration.counted("a", 8_000);
  calibration.forget("a");
  expect(calibration.sent("a", 40_000)).toBe(11_000);
});
