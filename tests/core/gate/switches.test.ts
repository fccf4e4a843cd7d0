import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRepair } from "../../../src/core/gate/repairStream.ts";
import { EVERY_REPAIR, EVERY_REPAIR_KIND, type RepairKind } from "../../../src/core/gate/report.ts";
import { corpus, decode, encode, repaired, streamOf, tools } from "./streams.ts";

/** Kinds of the response; the one of the request is switched in the model gate's own tests. */
type ResponseKind = Exclude<RepairKind, "historyArguments">;
type Given = Parameters<typeof streamOf>[0];

const call = (name: string, args: string): Given => ({ calls: [{ name, arguments: args }], finish: "tool_calls" });
const text = (content: string): Given => ({ content, finish: "stop" });
const xml = "<function=read>\n<parameter=filePath>\na.ts\n</parameter>\n</function>\n</tool_call>";
const todo = '{"content":"a","status":"pending","priority":"high"}';

/** What a model says, such that one kind of repair alone, the named one, is what makes it right. */
const only: Record<ResponseKind, Given> = {
  xmlCall: text(`<tool_call>\n${xml}`),
  bareXmlCall: text(xml),
  hermesCall: text('<tool_call>\n{"name":"read","arguments":{"filePath":"a.ts"}}\n</tool_call>'),
  fencedCall: text('```json\n{"name":"read","arguments":{"filePath":"a.ts"}}\n```'),
  finishReason: { ...call("read", '{"filePath":"a.ts"}'), finish: "stop" },
  syntax: call("read", "{'filePath': 'a.ts'}"),
  truncated: call("read", '{"filePath":"a.ts"'),
  encodedTwice: call("read", '"{\\"filePath\\":\\"a.ts\\"}"'),
  wrapped: call("read", '{"arguments":{"filePath":"a.ts"}}'),
  stringified: call("todowrite", JSON.stringify({ todos: `[${todo}]` })),
  objectAsText: call("write", '{"filePath":"a.json","content":{"a":1}}'),
  scalar: call("read", '{"filePath":"a.ts","limit":"3"}'),
  singleItem: call("todowrite", `{"todos":${todo}}`),
  enumWord: call("todowrite", `{"todos":[${todo.replace("pending", "Pending")}]}`),
  nullDropped: call("read", '{"filePath":"a.ts","limit":null}'),
  alias: call("read", '{"file_path":"a.ts"}'),
  filled: call("bash", '{"command":"ls"}'),
  toolName: call("Read", '{"filePath":"a.ts"}'),
  closingTags: text(`So.\n${"</tool_call></function>".repeat(40)}`),
  repeatedToken: text("!".repeat(5_000)),
  repeatedLine: text("It is the same line again and again.\n".repeat(300)),
  emptyCall: { content: "I will call it.", finish: "tool_calls" },
  noEnd: text(Array.from({ length: 120_000 }, (_, at) => `${at * at} `).join("")),
};

const through = (given: Given, except: readonly RepairKind[]) => {
  const bytes = encode(streamOf(given, 60));
  const result = repaired(bytes, [], { tools, switches: { ...EVERY_REPAIR, except } });
  return { changed: decode(result.bytes) !== decode(bytes), report: result.report };
};

describe("every single kind of repair", () => {
  it("has an example here", () => {
    expect([...Object.keys(only), "historyArguments"].sort()).toEqual([...EVERY_REPAIR_KIND].sort());
  });

  it.each(Object.entries(only) as [ResponseKind, Given][])(
    "%s is made, and is not once it is excepted",
    (kind, given) => {
      const on = through(given, []);
      expect(on.report.counts).toEqual({ [kind]: 1 });
      expect(on.changed).toBe(true);
      const off = through(given, [kind]);
      expect(off.report.counts).toEqual({});
      expect(off.changed).toBe(false);
    },
  );

  it("is made with all the others excepted", () => {
    for (const [kind, given] of Object.entries(only) as [ResponseKind, Given][]) {
      const { report } = through(
        given,
        EVERY_REPAIR_KIND.filter((other) => other !== kind),
      );
      expect(report.counts, kind).toEqual({ [kind]: 1 });
    }
  });

  it("leaves no trace where it is excepted, alone or among others, in all of the corpus", () => {
    const cases = [...corpus("generated.jsonl"), ...corpus("reported.jsonl")];
    fc.assert(
      fc.property(fc.constantFrom(...cases), fc.subarray([...EVERY_REPAIR_KIND]), (one, except) => {
        const repair = createRepair({ tools, switches: { ...EVERY_REPAIR, except } });
        const calls = one.call ? [one.call] : [];
        repair.push(encode(streamOf({ content: one.content, calls, finish: one.finish })));
        repair.end();
        expect(Object.keys(repair.report().counts).filter((kind) => except.some((name) => name === kind))).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });
});
