import { describe, expect, it } from "vitest";
import { goesOnFrom } from "../../../src/core/gate/goesOn.ts";

const result = (id: string) => ({ role: "tool", tool_call_id: id, content: "Recorded as completed." });
const asked = { role: "user", content: "Build it." };
const called = (...ids: string[]) => ({ role: "assistant", tool_calls: ids.map((id) => ({ id, type: "function" })) });
const body = (messages: unknown, more: object = {}) => JSON.stringify({ model: "m", stream: true, messages, ...more });

describe("a request goes on from a tool call", () => {
  it("whose result is its last message, or among the results of one answer's calls", () => {
    expect(goesOnFrom(body([asked, called("c1"), result("c1")]), "c1")).toBe(true);
    expect(goesOnFrom(body([asked, called("c1", "c2"), result("c1"), result("c2")]), "c1")).toBe(true);
  });

  it.each([
    ["another call's result is the last one", [asked, called("c0"), result("c0")]],
    ["it went on from there before", [asked, called("c1"), result("c1"), called("c2"), result("c2")]],
    ["somebody speaks behind it", [asked, called("c1"), result("c1"), { role: "user", content: "And now?" }]],
    ["the host wants a summary", [asked, called("c1"), result("c1"), { role: "user", content: "Summarise." }]],
    ["the host ends a loop in its own words", [called("c1"), result("c1"), { role: "assistant", content: "max" }]],
    ["there is no message", []],
    ["messages are none", ["x", 1, null]],
    ["there are no messages", undefined],
  ])("not where %s", (_, messages) => {
    expect(goesOnFrom(body(messages), "c1")).toBe(false);
  });

  it("not where no stream is asked for, and not in what is no JSON", () => {
    expect(goesOnFrom(body([result("c1")], { stream: false }), "c1")).toBe(false);
    expect(goesOnFrom('{"stream":true,"messages":[', "c1")).toBe(false);
  });
});
