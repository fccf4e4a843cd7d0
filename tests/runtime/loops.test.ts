import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Loops } from "../../src/runtime/loops.ts";

const LIMIT = 6;
/** The verdicts on calls of `names`, one after the other. */
const verdicts = (names: readonly string[]) => {
  const loops = new Loops(LIMIT);
  return names.map((name) => loops.see("s", name, {}));
};
const rounds = (circle: readonly string[], times: number) => Array.from({ length: times }, () => circle).flat();

describe("a session that goes round in circles", () => {
  it.each([[["a"]], [["a", "b"]], [["a", "b", "c"]]])(
    "%j: corrected after six rounds, given up after nine",
    (circle) => {
      const seen = verdicts(rounds(circle, 9));
      expect(seen.indexOf("correct")).toBe(LIMIT * circle.length - 1);
      expect(seen.indexOf("give-up")).toBe((LIMIT + 3) * circle.length - 1);
    },
  );

  it("is let go on once it does something else, and counts anew", () => {
    expect(verdicts([...rounds(["a"], 8), "b", ...rounds(["a"], 5)]).slice(8)).toEqual(rounds(["pass"], 6));
  });

  it("is never one whose calls all differ, nor one that waits for Workers", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { maxLength: 60 }), (names) => {
        expect(verdicts(names).every((verdict) => verdict === "pass")).toBe(true);
      }),
    );
    expect(verdicts(rounds(["await_workers"], 50)).every((verdict) => verdict === "pass")).toBe(true);
  });

  it("is one that gets the same refusal again and again, whatever else it changes", () => {
    const loops = new Loops(LIMIT);
    const failed = (n: number) => loops.failed("s", `call-${n}`, "write", "Refused (out-of-scope): src/other/a.ts");
    const seen = Array.from({ length: 9 }, (_, n) => failed(n));
    expect(seen).toEqual([...rounds(["pass"], 5), "correct", "pass", "pass", "give-up"]);
    expect(failed(8)).toBe("pass");
    loops.worked("s");
    expect(failed(9)).toBe("pass");
    expect(loops.failed("s", "x", "write", "another")).toBe("pass");
  });
});
