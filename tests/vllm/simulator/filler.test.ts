import { expect, it } from "vitest";
import { filler } from "../../../vllm/simulator/filler.ts";
import { turnOf } from "../../../vllm/simulator/turn.ts";

const turn = (parameters: unknown) =>
  turnOf(
    {
      model: "m",
      messages: [{ role: "user", content: "Call it." }],
      tools: [{ function: { name: "probe", parameters } }],
    },
    {},
    { signal: new AbortController().signal },
  );

it("calls a tool with what its schema requires, each of its type", async () => {
  const schema = {
    type: "object",
    properties: {
      word: { type: "string" },
      kind: { enum: ["a", "b"] },
      count: { type: "integer" },
      list: { type: "array" },
      not: { type: "string" },
    },
    required: ["word", "kind", "count", "list", "untold"],
  };
  expect(await filler(turn(schema))).toEqual({
    toolCalls: [
      { name: "probe", arguments: { word: "simulated", kind: "a", count: 0, list: [], untold: "simulated" } },
    ],
  });
  expect(await filler(turn(undefined))).toEqual({ toolCalls: [{ name: "probe", arguments: {} }] });
});
