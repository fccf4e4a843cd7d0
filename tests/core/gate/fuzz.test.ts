import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isObject, parseJson } from "../../../src/core/gate/json.ts";
import { offeredTools } from "../../../src/core/gate/offeredTools.ts";
import { repairArguments } from "../../../src/core/gate/repairArguments.ts";
import { repairBody } from "../../../src/core/gate/repairBody.ts";
import { repairHistory } from "../../../src/core/gate/repairHistory.ts";
import type { RepairKind } from "../../../src/core/gate/report.ts";
import { accepts } from "../../../src/core/gate/schema.ts";
import { corpus, encode, repaired, tools } from "./streams.ts";

const RUNS = Math.max(3_000, Number(process.env.AEGIS_GATE_FUZZ ?? 0));
const everything = () => true;

/** Kinds by which a key may stand in repaired arguments that the model did not write at its place. */
const NAMES_KEYS: readonly RepairKind[] = [
  "filled",
  "alias",
  "wrapped",
  "encodedTwice",
  "stringified",
  "syntax",
  "truncated",
];

/** Pieces of calls, tags and JSON, so that random texts come near to what the gate looks for. */
const shards = fc.constantFrom(
  ...["{", "}", "[", "]", '"', "'", ":", ",", "\\", "\\u00", "```json\n", "```", "True", "None", "null", "1e999", "-0"],
  ..."<tool_call> </tool_call> <function=write> </function> <parameter=filePath> </parameter> __proto__".split(" "),
  ..."filePath file_path content command description todos oldString limit name arguments \ud800 \u0000 \ufeff".split(
    " ",
  ),
);
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.array(fc.oneof(shards, fc.string({ maxLength: 5 })), { maxLength: 30 }).map((parts) => parts.join("")),
  fc.json({ maxDepth: 4 }),
  fc.constantFrom(...corpus("reported.jsonl").flatMap((one) => (one.call ? [one.call.arguments] : []))),
);
const tool = fc.constantFrom(...tools);

/** JSON values whose keys are those of tools, messages and streams as often as not. */
const json = fc.jsonValue({ maxDepth: 3 });
const loose = <T extends Record<string, fc.Arbitrary<unknown>>>(shape: T) =>
  fc.record(
    Object.fromEntries(
      Object.entries(shape).map(([key, value]) => [key, fc.oneof({ weight: 4, arbitrary: value }, json)]),
    ),
    {
      requiredKeys: [],
    },
  );
const call = loose({
  index: fc.nat(2),
  id: fc.string({ maxLength: 4 }),
  type: fc.constant("function"),
  function: loose({ name: fc.constantFrom("write", "Write", "wirte", "", "nothing"), arguments: text }),
});
const calls = fc.array(call, { maxLength: 3 });
const finish = fc.constantFrom(null, "stop", "tool_calls", "length", "odd");
const usage = loose({ prompt_tokens: fc.nat(), completion_tokens: fc.nat() });

describe("tool arguments of any shape", () => {
  it("are left or mended, never thrown at; what is mended is an object, says how, and what fits already stays", () => {
    fc.assert(
      fc.property(text, tool, fc.boolean(), (given, offered, cut) => {
        const verdict = repairArguments(given, offered, everything, { cut });
        const before = parseJson(given);
        if (isObject(before) && accepts(before, offered.schema, offered.schema)) {
          // A `null` for an absent optional is the one thing a schema may take that the host does not.
          if (!Object.values(before).includes(null)) expect(verdict.kind === "refused").toBe(false);
        }
        if (verdict.kind !== "repaired") return;
        expect(verdict.kinds.length).toBeGreaterThan(0);
        const after = parseJson(verdict.text);
        expect(isObject(after)).toBe(true);
        const written = new Set(isObject(before) ? Object.keys(before) : []);
        const added = Object.keys(isObject(after) ? after : {}).filter((key) => !written.has(key));
        if (added.length > 0) expect(verdict.kinds.some((kind) => NAMES_KEYS.includes(kind))).toBe(true);
        // Nothing is made up: a value that nobody wrote is one that was filled, and then it was said.
        if (!verdict.kinds.includes("filled") && isObject(after) && "description" in after) {
          expect(given).toContain("descri");
        }
      }),
      { numRuns: RUNS },
    );
  });

  it("that are right stay byte for byte, however they are spaced", () => {
    const right = corpus("generated.jsonl").flatMap((one) => one.intended ?? []);
    fc.assert(
      fc.property(fc.constantFrom(...right), fc.constantFrom(0, 1, 2, "\t"), ({ name, arguments: meant }, indent) => {
        const offered = tools.find((one) => one.name === name);
        if (!offered) throw new Error(`no tool ${name}`);
        const given = JSON.stringify(meant, undefined, indent);
        expect(repairArguments(given, offered, everything, { cut: false })).toEqual({ kind: "fine" });
      }),
      { numRuns: RUNS },
    );
  });
});

describe("request bodies of any shape", () => {
  const message = loose({
    role: fc.constantFrom("assistant", "user", "tool"),
    content: text,
    tool_calls: calls,
  });
  const body = fc.oneof(
    { weight: 1, arbitrary: text },
    {
      weight: 3,
      arbitrary: loose({ model: text, messages: fc.array(message, { maxLength: 4 }), tools: json }).map((value) =>
        JSON.stringify(value),
      ),
    },
  );

  it("are passed on: the same bytes where nothing is said to be mended, else JSON that differs in arguments alone", () => {
    fc.assert(
      fc.property(body, (given) => {
        const { body: sent, repaired: count, notes } = repairHistory(given);
        expect(notes.length).toBe(Math.min(count, 3));
        if (count === 0) {
          expect(sent).toBe(given);
          return;
        }
        expect(withoutArguments(JSON.parse(sent))).toEqual(withoutArguments(JSON.parse(given)));
        // What was mended is well-formed: a second look finds nothing.
        expect(repairHistory(sent)).toMatchObject({ body: sent, repaired: 0 });
      }),
      { numRuns: RUNS },
    );
  });

  it("offer the tools they name, or none", () => {
    fc.assert(
      fc.property(fc.oneof(json, body.map(parseJson)), (given) => {
        for (const offered of offeredTools(given)) expect(offered.name).not.toBe("");
      }),
      { numRuns: RUNS },
    );
  });
});

describe("response bodies of any shape", () => {
  const choice = loose({
    index: fc.nat(2),
    message: loose({ role: fc.constant("assistant"), content: text, tool_calls: calls }),
    delta: loose({ content: text, tool_calls: calls }),
    finish_reason: finish,
  });
  const completion = loose({ id: text, choices: fc.array(choice, { maxLength: 3 }), usage });

  it("that come whole stay byte for byte where no repair is reported", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          completion.map((value) => JSON.stringify(value)),
        ),
        (given) => {
          const { body, report } = repairBody(given, { tools });
          if (Object.keys(report.counts).length === 0) expect(body).toBe(given);
          else expect(() => JSON.parse(body)).not.toThrow();
        },
      ),
      { numRuns: RUNS },
    );
  });

  const event = fc.oneof(
    { weight: 4, arbitrary: completion.map((value) => `data: ${JSON.stringify(value)}`) },
    { weight: 1, arbitrary: text.map((line) => `data: ${line}`) },
    { weight: 1, arbitrary: text },
    { weight: 1, arbitrary: fc.constantFrom("data: [DONE]", ": comment", "event: x\ndata: {}", "") },
  );
  const stream = fc
    .tuple(fc.array(event, { maxLength: 12 }), fc.constantFrom("\n\n", "\r\n\r\n", "\r\r"))
    .map(([events, end]) => Buffer.from(events.map((each) => each + end).join("")));

  it("that are streamed, cut anywhere, lose nothing where no repair is reported, and never throw", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          { weight: 4, arbitrary: stream },
          { weight: 1, arbitrary: fc.uint8Array({ maxLength: 400 }).map(Buffer.from) },
        ),
        fc.array(fc.nat(4_000), { maxLength: 5 }),
        (bytes, places) => {
          const cuts = places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b);
          const { bytes: out, report } = repaired(new Uint8Array(bytes), cuts);
          const untouched = Object.keys(report.counts).length === 0 && report.runaway === undefined;
          if (!untouched) return;
          // A last event without its blank line gets one: no reader would take it otherwise.
          const behind = Buffer.from(out).subarray(bytes.length).toString();
          expect(Buffer.from(out).subarray(0, bytes.length).equals(bytes), JSON.stringify(bytes.toString())).toBe(true);
          expect(["", "\n", "\n\n"]).toContain(behind);
        },
      ),
      { numRuns: RUNS },
    );
  });

  it("an event of a megabyte of any nesting does not break the stack", () => {
    for (const open of ["[", '{"a":', "<tool_call>", '{"arguments":"{']) {
      const long = open.repeat(200_000);
      expect(() => repaired(encode(`data: ${long}\n\n`), [])).not.toThrow();
      expect(() => repairArguments(long, tools[0] as (typeof tools)[number], everything, { cut: false })).not.toThrow();
      expect(() =>
        repairHistory(`{"messages":[{"tool_calls":[{"function":{"arguments":${JSON.stringify(long)}}}]}]}`),
      ).not.toThrow();
    }
  });
});

/** A request with the arguments of its calls taken out. */
function withoutArguments(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutArguments);
  if (!isObject(value as never)) return value;
  return Object.fromEntries(
    Object.entries(value as object).flatMap(([key, member]) =>
      key === "arguments" && typeof member === "string" ? [] : [[key, withoutArguments(member)]],
    ),
  );
}
