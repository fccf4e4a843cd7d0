import { expect, test } from "vitest";
import { addNotes, changeTexts } from "../../../plugin/hooks/toolResult.ts";

const louder = async (text: string) => text.toUpperCase();

test("a tool's own text is changed, and notes come behind it", async () => {
  const result = { title: "t", output: "found", metadata: {} };
  await changeTexts(result, louder);
  addNotes(result, ["first", "second"]);
  expect(result).toEqual({ title: "t", output: "FOUND\nfirst\nsecond", metadata: {} });
});

test("an MCP server's texts are changed part by part; pictures and what is unknown stay", async () => {
  const picture = { type: "image", data: "aGk=" };
  const result = { content: [{ type: "text", text: "a" }, picture, { type: "text", text: "b" }, 7] };
  await changeTexts(result, louder);
  addNotes(result, ["note"]);
  expect(result.content).toEqual([
    { type: "text", text: "A" },
    picture,
    { type: "text", text: "B" },
    7,
    { type: "text", text: "note" },
  ]);
});

test("a result without any text is left alone", async () => {
  const result = { metadata: {} };
  await changeTexts(result, louder);
  addNotes(result, ["note"]);
  expect(result).toEqual({ metadata: {} });
});
