import { expect, it } from "vitest";
import { paragraphs } from "../../../src/cli/demo/screen.ts";
import { textWidth } from "../../../src/cli/textWidth.ts";

it.each([
  ["\u001b[32mcommander:\u001b[39m A small Node server without dependencies.\nShared types come first.", 30],
  ["커맨더: 의존성 없는 작은 Node 서버입니다. 공용 타입과 라이브러리를 먼저 만듭니다.", 24],
])("breaks %j between words at %i cells", (text, columns) => {
  const lines = paragraphs(text, columns).split("\n");
  for (const line of lines) expect(textWidth(line), line).toBeLessThanOrEqual(columns);
  expect(lines.length).toBeGreaterThan(2);
  expect(lines.join(" ").split(/\s+/u)).toEqual(text.split(/\s+/u));
});

it("leaves a text as it is where there is no terminal", () => {
  const long = "word ".repeat(80);
  expect(paragraphs(long, undefined)).toBe(long);
});
