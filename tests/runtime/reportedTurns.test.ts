import { expect, it } from "vitest";
import type { Language } from "../../src/core/workflow/model.ts";
import { ReportedTurns } from "../../src/runtime/reportedTurns.ts";

const after = (call: string) =>
  JSON.stringify({ stream: true, messages: [{ role: "tool", tool_call_id: call, content: "Recorded." }] });

it("ends the turn that goes on from a report: once, in that session, from that call", () => {
  const turns = new ReportedTurns(() => "en");
  expect(turns.endsTurn("s1", after("c1"))).toBeUndefined();
  turns.taken("s1", "c1", 5_000);
  expect(turns.endsTurn("s2", after("c1"))).toBeUndefined();
  expect(turns.endsTurn("s1", after("c2"))).toBeUndefined();
  expect(turns.endsTurn("s1", after("c1"))).toEqual({ words: expect.stringContaining("Aegis"), reportedAt: 5_000 });
  expect(turns.endsTurn("s1", after("c1"))).toBeUndefined();
});

it("ends no turn after the one that reported", () => {
  const turns = new ReportedTurns(() => "en");
  turns.taken("s1", "c1", 5_000);
  turns.over("s1");
  expect(turns.endsTurn("s1", after("c1"))).toBeUndefined();
});

it("speaks the swarm's language as it is now", () => {
  let language: Language | undefined;
  const turns = new ReportedTurns(() => language);
  const words = () => {
    turns.taken("s1", "c1", 0);
    return turns.endsTurn("s1", after("c1"))?.words;
  };
  expect(words()).toMatch(/^Aegis: the report is in/);
  language = "ko";
  expect(words()).toMatch(/^Aegis: 보고가 접수/);
});
