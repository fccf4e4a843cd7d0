import { expect, it } from "vitest";
import { filler } from "../../../vllm/simulator/filler.ts";
import { type ChatRequest, turnOf } from "../../../vllm/simulator/turn.ts";

const turn = (parameters: unknown, more: Partial<ChatRequest> = {}, headers: Record<string, string> = {}) =>
  turnOf(
    {
      model: "m",
      messages: [{ role: "user", content: "Call it." }],
      tools: [{ function: { name: "probe", parameters } }],
      ...more,
    },
    headers,
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

it("tells a host's session once that it is simulated, and calls nothing it was not told to", async () => {
  const session = { "x-session-affinity": "ses_1" };
  const said = await filler(turn(undefined, { max_tokens: 4000 }, session));
  expect(said).toEqual({ text: expect.stringMatching(/simulated.*oh-my-qwencoder demo/) });
  const sentences = said.text?.split(". ") ?? [];
  expect(new Set(sentences).size).toBe(sentences.length);
  const call = { toolCalls: [{ name: "probe", arguments: {} }] };
  expect(await filler(turn(undefined, { tool_choice: "required" }, session))).toEqual(call);
  expect(await filler(turn(undefined, { tool_choice: { function: { name: "probe" } } }, session))).toEqual(call);
});

it("gives a load generator the length it asks for, whose session has a name too", async () => {
  const said = await filler(
    turn(undefined, { max_tokens: 100, ignore_eos: true, tools: [] }, { "x-session-affinity": "load-1" }),
  );
  expect([said.text?.length, said.finishReason]).toEqual([400, "length"]);
});
