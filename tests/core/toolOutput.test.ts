import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { boundedOutput, isLongAnswer } from "../../src/core/toolOutput.ts";

const lines = (count: number) => Array.from({ length: count }, (_, n) => `line ${n + 1}`).join("\n");

describe("a tool's result", () => {
  test("that is short stays as it is", () => {
    expect(boundedOutput("read", lines(10), 1_000)).toBe(lines(10));
  });

  test("of a file keeps its beginning, in whole lines, and says how to read on", () => {
    const kept = boundedOutput("read", lines(100), 60).split("\n");
    expect(kept.slice(0, -1)).toEqual(lines(8).split("\n"));
    expect(kept.at(-1)).toBe("[92 lines (735 characters) left out. Read on with offset and limit.]");
  });

  test("of a shell keeps both ends, more of the last: there a check says what failed", () => {
    const kept = boundedOutput("bash", lines(1_000), 200).split("\n");
    const note = kept.findIndex((line) => line.includes("left out"));
    expect(kept[0]).toBe("line 1");
    expect(kept.at(-1)).toBe("line 1000");
    expect(kept.length - note - 1).toBeGreaterThan(note);
    expect(kept[note]).toContain("Run it again for one file or test");
  });

  test("of a helper is held to what thirty lines need", () => {
    expect(boundedOutput("task", lines(3_000), 100_000).length).toBeLessThan(8_200);
  });

  test("of a helper says where the whole answer is, if it was kept", () => {
    expect(isLongAnswer("task", lines(3_000), 100_000)).toBe(true);
    expect(isLongAnswer("read", lines(3_000), 100)).toBe(false);
    const kept = boundedOutput("task", lines(3_000), 100_000, ".aegis/findings/call_1.md");
    expect(kept.split("\n").at(-1)).toContain("The whole answer is in .aegis/findings/call_1.md: read there");
  });

  test("loses nothing unsaid: what stays and what the note counts are the whole", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("a", "b", "\n"), maxLength: 400 }),
        fc.integer({ min: 10, max: 300 }),
        fc.constantFrom("bash", "read", "webfetch"),
        (output, limit, tool) => {
          const kept = boundedOutput(tool, output, limit);
          if (output.length <= limit) return kept === output;
          const said = /\[\d+ lines \((\d+) characters\) left out\./u.exec(kept);
          const [head = "", tail = ""] = kept.split(/\n?\[\d+ lines [^\]]*\]\n?/u);
          const whole = head.length + tail.length + Number(said?.[1]);
          // The line break before the note is the note's own where the beginning had one.
          return (
            output.startsWith(head) && output.endsWith(tail) && output.length - whole <= 1 && output.length - whole >= 0
          );
        },
      ),
    );
  });
});
