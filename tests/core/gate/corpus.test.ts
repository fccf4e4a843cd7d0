import { describe, expect, it } from "vitest";
import { repairBody } from "../../../src/core/gate/repairBody.ts";
import {
  type CorpusCase,
  corpus,
  decode,
  encode,
  type Message,
  readStream,
  repaired,
  streamOf,
  tools,
} from "./streams.ts";

const cases = [...corpus("generated.jsonl"), ...corpus("reported.jsonl")];
/** Every position of every case takes minutes; the normal run takes a few of each. */
const every = process.env.AEGIS_GATE_CUTS === "all";
const SIZES = [1, 5, 10_000];

const given = (one: CorpusCase) => ({ content: one.content, calls: one.call ? [one.call] : [], finish: one.finish });

/** `intended`, `untouched` (the host's error tells the model), or what went wrong. */
function outcome(one: CorpusCase, before: Message, after: Message): string {
  const calls = after.calls.map((call) => ({ name: call.name, arguments: parsed(call.arguments) }));
  if (
    one.intended &&
    JSON.stringify(sorted(calls)) === JSON.stringify(sorted(one.intended)) &&
    after.finish === "tool_calls"
  )
    return after.content.includes("<function") || after.content.includes("<tool_call") ? "text left" : "intended";
  return JSON.stringify(before) === JSON.stringify(after) ? "untouched" : `wrong: ${JSON.stringify(after)}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  );
}

describe("the corpus of malformed calls", () => {
  it("is large enough and says where every kind was seen", () => {
    expect(cases.filter((one) => one.intended).length).toBeGreaterThanOrEqual(300);
    expect(cases.every((one) => one.source !== "")).toBe(true);
  });

  it("is repaired to the intended call, and nothing to a wrong one", { timeout: 3_600_000 }, () => {
    const outcomes = cases.map((one) => ({ one, results: outcomesOf(one) }));
    const wrong = outcomes.filter(({ results }) =>
      results.some((result) => result !== "intended" && result !== "untouched"),
    );
    expect(wrong.map(({ one, results }) => ({ kind: one.kind, one, results }))).toEqual([]);
    const meant = outcomes.filter(({ one }) => one.intended);
    const missed = meant.filter(({ results }) => results.some((result) => result !== "intended"));
    expect(missed.map(({ one }) => `${one.kind}: ${one.content ?? one.call?.arguments}`)).toEqual([]);
    const kept = outcomes.filter(({ one }) => !one.intended);
    expect(
      kept.flatMap(({ one, results }) => (results.every((result) => result === "untouched") ? [] : [one.kind])),
    ).toEqual([]);
  });

  it("is repaired alike in a body that is not streamed", () => {
    for (const one of cases) {
      const body = JSON.stringify({
        id: "x",
        choices: [
          {
            index: 0,
            message: {
              role: "assistant",
              content: one.content ?? null,
              ...(one.call ? { tool_calls: [{ id: "c", type: "function", function: one.call }] } : {}),
            },
            finish_reason: one.finish,
          },
        ],
      });
      const result = repairBody(body, { tools });
      if (!one.intended) {
        expect(result.body).toBe(body);
        continue;
      }
      const choice = JSON.parse(result.body).choices[0];
      const calls = choice.message.tool_calls.map((call: { function: { name: string; arguments: string } }) => ({
        name: call.function.name,
        arguments: parsed(call.function.arguments),
      }));
      expect(sorted(calls), one.kind).toEqual(sorted(one.intended));
      expect(choice.finish_reason).toBe("tool_calls");
    }
  });

  it("stays as it is with the repair off", () => {
    const switches = { textCalls: false, arguments: false, toolNames: false, runaway: false, history: false };
    for (const one of cases) {
      const bytes = encode(streamOf(given(one)));
      expect(decode(repaired(bytes, [], { tools, switches }).bytes)).toBe(decode(bytes));
    }
  });
});

function outcomesOf(one: CorpusCase): string[] {
  const results = new Set<string>();
  for (const [at, size] of SIZES.entries()) {
    const text = streamOf(given(one), size, at === 1 ? "\r\n" : "\n");
    const before = readStream(text);
    const bytes = encode(text);
    // A delta for every character makes a stream thirty times as long: there every 97th position stands for all.
    const step = size === 1 ? 97 : 1;
    const cuts = every
      ? Array.from({ length: Math.floor((bytes.length - 1) / step) }, (_, index) => [index * step + 1])
      : sampleCuts(bytes.length, at);
    for (const cut of cuts) results.add(outcome(one, before, readStream(decode(repaired(bytes, cut).bytes))));
  }
  return [...results];
}

/** None, every byte its own chunk, and two places that differ from case to case. */
function sampleCuts(length: number, seed: number): number[][] {
  const places = [Math.floor(length / 3) + seed, Math.floor((length * 7) / 9) + seed];
  const bytes = seed === 1 && length < 6000 ? [Array.from({ length: length - 1 }, (_, index) => index + 1)] : [];
  return [[], ...places.map((place) => [place]), ...bytes];
}
