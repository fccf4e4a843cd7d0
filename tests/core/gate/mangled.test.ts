import { describe, expect, it } from "vitest";
import { isObject } from "../../../src/core/gate/json.ts";
import { repairArguments } from "../../../src/core/gate/repairArguments.ts";
import { readTextCalls } from "../../../src/core/gate/textCall.ts";
import { corpus, tools } from "./streams.ts";

const everything = () => true;
const end = { cut: false };
const intended = [
  ...new Map(
    corpus("generated.jsonl")
      .flatMap((one) => one.intended ?? [])
      .map((call) => [JSON.stringify(call), call]),
  ).values(),
];
const toolOf = (name: string) => {
  const tool = tools.find((one) => one.name === name);
  if (!tool) throw new Error(`no tool ${name}`);
  return tool;
};

/** Whether a repaired call says nothing that the meant one did not say; optional keys at its end may be lost. */
function within(value: unknown, meant: Readonly<Record<string, unknown>>): boolean {
  return (
    isObject(value) &&
    Object.entries(value).every(([key, member]) => JSON.stringify(member) === JSON.stringify(meant[key]))
  );
}

describe("arguments damaged at random", () => {
  it("that end too early are never made another call", () => {
    for (const { name, arguments: meant } of intended) {
      const text = JSON.stringify(meant);
      for (let at = 0; at < text.length; at += 1) {
        const verdict = repairArguments(text.slice(0, at), toolOf(name), everything, end);
        if (verdict.kind !== "repaired") continue;
        const value = JSON.parse(verdict.text);
        // What a lost end took with it may be filled from the command, as where it was never there.
        if (verdict.kinds.includes("filled")) delete value.description;
        expect(within(value, meant), `${text.slice(0, at)} => ${verdict.text}`).toBe(true);
      }
    }
  });

  it("that lack one character are mended to the meant call or left", () => {
    for (const { name, arguments: meant } of intended) {
      const text = JSON.stringify(meant);
      for (let at = 0; at < text.length; at += 1) {
        const damaged = text.slice(0, at) + text.slice(at + 1);
        if (isJson(damaged)) continue;
        const verdict = repairArguments(damaged, toolOf(name), everything, end);
        if (verdict.kind === "repaired") expect(JSON.parse(verdict.text), damaged).toEqual(meant);
      }
    }
  });
});

describe("calls in text damaged at random", () => {
  it("become the meant call or stay text where a tag lacks a character or the end is lost", () => {
    for (const { name, arguments: meant } of intended) {
      const entries = Object.entries(meant).map(
        ([key, value]) =>
          `<parameter=${key}>\n${typeof value === "string" ? value : JSON.stringify(value)}\n</parameter>\n`,
      );
      const text = `<tool_call>\n<function=${name}>\n${entries.join("")}</function>\n</tool_call>`;
      const tags = [...text.matchAll(/<\/?(?:tool_call|function|parameter)(?:=\w+)?>\n?/g)];
      for (const tag of tags)
        for (let at = tag.index; at < tag.index + tag[0].length; at += 1)
          check(text.slice(0, at) + text.slice(at + 1), meant);
      for (let at = 1; at < text.length; at += 1) check(text.slice(0, at), meant);
    }
  });
});

function check(text: string, meant: Readonly<Record<string, unknown>>): void {
  for (const call of readTextCalls(text, tools, everything, end) ?? []) {
    const value = JSON.parse(call.arguments);
    if (call.kinds.includes("filled")) delete value.description;
    for (const [key, member] of Object.entries(value)) {
      const expected = meant[key];
      // A line end beside a tag is the format's, not the value's: one may be lost or kept with the damaged tag.
      if (typeof member === "string" && typeof expected === "string") expect(member.trim(), text).toBe(expected.trim());
      else expect(member, text).toEqual(expected);
    }
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
