import { expect, test } from "vitest";
import { newNotes, withWords } from "../../../src/core/context/sessionNotes.ts";

const after = (...said: string[]) =>
  said.reduce((notes, words, index) => withWords(notes, words, index), newNotes("opencode", "ses_1", 0));

test("the newest words are those that say what is wanted, not a yes to a question", () => {
  for (const answer of ["1", "3.", "네", "2번으로", "yes", "ok, go ahead", "네, 진행해 주세요"])
    expect(after("Build a board", answer), answer).toMatchObject({ first: "Build a board", latest: "Build a board" });
  for (const words of ["make it blue", "no, three columns", "change the title", "1. rename it 2. test it", "계속해"])
    expect(after("Build a board", words).latest, words).toBe(words);
});

test("what was said first is kept whatever it was, and nothing is no word", () => {
  expect(after("ok")).toMatchObject({ first: "ok", latest: "ok" });
  expect(after("Build a board", "  ")).toMatchObject({ latest: "Build a board" });
});
