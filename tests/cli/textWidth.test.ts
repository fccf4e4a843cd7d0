import { describe, expect, it } from "vitest";
import { fitted, textWidth } from "../../src/cli/textWidth.ts";

it("counts Korean letters as two columns and colours as none", () => {
  expect(textWidth("가중치 1")).toBe(8);
  expect(textWidth("\u001b[31mred\u001b[0m")).toBe(3);
  expect(textWidth("16 × ⌈a⌉ → Ünï")).toBe(14);
});

describe("a line that is wider than the terminal", () => {
  const line = "  weights = 75.5 GiB of a checkpoint";

  it("is broken between words, further lines hanging", () => {
    expect(fitted({ columns: 20 }, line, 4)).toBe("  weights = 75.5 GiB\n    of a checkpoint");
    expect(fitted({ columns: 12 }, "모델 서버가 답하지 않음", 2)).toBe("모델 서버가\n  답하지\n  않음");
  });

  it("keeps a word that no line holds", () => {
    expect(fitted({ columns: 10 }, "at /a/very/long/path now", 2)).toBe("at /a/very/long/path\n  now");
  });

  it("stays whole off a terminal, and where it fits", () => {
    expect(fitted({}, line, 4)).toBe(line);
    expect(fitted({ columns: 36 }, line, 4)).toBe(line);
  });

  it("never gets wider than the terminal where every word fits", () => {
    for (let columns = 14; columns < 60; columns += 1)
      for (const part of fitted({ columns }, line, 4).split("\n")) expect(textWidth(part)).toBeLessThanOrEqual(columns);
  });
});
