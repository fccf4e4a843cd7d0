import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { repairBody } from "../../../src/core/gate/repairBody.ts";
import { repairHistory } from "../../../src/core/gate/repairHistory.ts";
import { decode, encode, repaired, tools } from "./streams.ts";

/** Values that stand where others are due. */
const odd = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom("<tool_call>", "<function=bash>", "</parameter>", '{"name":"bash"', "stop", "tool_calls", -1, 1e300),
);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.oneof({ weight: 3, arbitrary: value as fc.Arbitrary<unknown> }, odd);
const toolCall = fc.record(
  {
    index: maybe(fc.nat(2)),
    id: maybe(fc.string()),
    type: maybe(fc.constant("function")),
    function: maybe(
      fc.record(
        {
          name: maybe(fc.constantFrom("bash", "write", "Bash", "")),
          arguments: maybe(fc.constantFrom('{"comm', 'and":"ls"}', "{}")),
        },
        { requiredKeys: [] },
      ),
    ),
  },
  { requiredKeys: [] },
);
const said = fc.record(
  {
    role: odd,
    content: maybe(fc.string()),
    reasoning_content: odd,
    tool_calls: maybe(fc.array(maybe(toolCall), { maxLength: 3 })),
  },
  { requiredKeys: [] },
);
const answer = (key: "delta" | "message") =>
  fc.record(
    {
      id: odd,
      choices: maybe(
        fc.array(
          maybe(
            fc.record(
              {
                index: maybe(fc.nat(1)),
                [key]: maybe(said),
                finish_reason: maybe(fc.constantFrom(null, "stop", "tool_calls")),
              },
              { requiredKeys: [] },
            ),
          ),
          { maxLength: 2 },
        ),
      ),
      usage: odd,
    },
    { requiredKeys: [] },
  );
const event = fc.oneof(
  answer("delta").map((value) => `data: ${JSON.stringify(value)}`),
  odd.map((value) => `data: ${JSON.stringify(value)}`),
  fc.string(),
  fc.constantFrom("data: [DONE]", "data:", ": ping", "event: error", "data: {", "\u0000", "id: 1\ndata: {}"),
);

describe("a response that is none", () => {
  it("passes in a stream without a throw, byte for byte where nothing was repaired", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(event, fc.constantFrom("\n\n", "\r\n\r\n", "\n", "")), { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 6 }),
        (events, places) => {
          const bytes = encode(events.map(([text, end]) => text + end).join(""));
          const cuts = places.map((each) => (bytes.length === 0 ? 0 : each % bytes.length)).sort((a, b) => a - b);
          const result = repaired(bytes, cuts);
          if (Object.keys(result.report.counts).length === 0 && result.report.runaway === undefined)
            // A last event without its blank line may get it.
            expect(decode(result.bytes).trimEnd()).toBe(decode(bytes).trimEnd());
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it("passes as a whole body without a throw, byte for byte where nothing was repaired", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          answer("message").map((value) => JSON.stringify(value)),
          fc.json(),
          fc.string(),
        ),
        (body) => {
          const result = repairBody(body, { tools });
          if (Object.keys(result.report.counts).length === 0) expect(result.body).toBe(body);
        },
      ),
      { numRuns: 3_000 },
    );
  });
});

describe("a request that is none", () => {
  it("is sent as it stands unless a call's arguments were mended, and then it still is JSON", () => {
    const message = fc.record(
      { role: odd, content: odd, tool_calls: maybe(fc.array(maybe(toolCall))) },
      { requiredKeys: [] },
    );
    const request = fc.record(
      { model: odd, messages: maybe(fc.array(maybe(message))), tools: odd },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          request.map((value) => JSON.stringify(value)),
          fc.json(),
          fc.string(),
        ),
        (body) => {
          const result = repairHistory(body);
          if (result.repaired === 0) expect(result.body).toBe(body);
          else expect(() => JSON.parse(result.body) as unknown).not.toThrow();
        },
      ),
      { numRuns: 3_000 },
    );
  });
});
