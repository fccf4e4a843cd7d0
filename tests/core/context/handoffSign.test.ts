import { describe, expect, it } from "vitest";
import { handoffThreshold, handoffWord } from "../../../src/core/context/handoffSign.ts";
import { typedLine } from "../../../src/core/context/handoffTool.ts";

const WORDS = ["opencode", "handoff", "전환"];

describe("a word that asks for a handoff", () => {
  it.each([
    ["let us do a handoff now", "handoff"],
    ["Handoff!", "handoff"],
    ["OpenCode로 전환해줘", "opencode"],
    ["여기서 전환하자", "전환"],
    ["switch to opencode.", "opencode"],
  ])("%s", (message, word) => {
    expect(handoffWord(message, WORDS)).toBe(word);
  });

  it.each([
    "nothing of the kind",
    "look at src/opencode/serve.ts",
    "opencode.json has a typo",
    "the handoffs are tested",
    "what does `handoff` do?",
    '"handoff" is a word',
    "```\nhandoff\n```",
    "> handoff",
    "myhandoff",
  ])("not in: %s", (message) => {
    expect(handoffWord(message, WORDS)).toBeUndefined();
  });

  it("takes words with signs in them as they are, and none that is blank", () => {
    expect(handoffWord("c++ now", ["", " ", "c++"])).toBe("c++");
    expect(handoffWord("ccc now", ["c++"])).toBeUndefined();
  });
});

it("a limit has come to the threshold", () => {
  expect(handoffThreshold([], 90)).toBeUndefined();
  expect(handoffThreshold([20, 89.9], 90)).toBeUndefined();
  expect(handoffThreshold([90, 20], 90)).toBe(90);
});

it("a command line is shown as a shell would take it", () => {
  expect(typedLine(["claude", "it's a b", "a/b.md"])).toBe("claude 'it'\\''s a b' a/b.md");
});
