import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { transcriptNotes } from "../../../src/adapters/claude/transcriptNotes.ts";
import { hookOutput, typedCommand } from "../../../src/core/claude/hookInput.ts";

const recorded = fileURLToPath(new URL("../../fixtures/claude/transcript.jsonl", import.meta.url));
const NOW = Date.UTC(2026, 0, 28, 7);

it("takes the person's words, things to do and files from a transcript, and nothing of helpers or of Claude Code's own", () => {
  expect(transcriptNotes(recorded, "s1", NOW)).toEqual({
    ...{ version: 1, tool: "claude", session: "s1" },
    ...{ startedAt: Date.UTC(2026, 0, 28, 6, 30, 2), at: Date.UTC(2026, 0, 28, 6, 32) },
    ...{ first: "build the board", latest: "now the tests" },
    todos: [
      { content: "draw the columns", status: "in_progress" },
      { content: "move the cards", status: "pending" },
    ],
    files: ["/project/src/cards.ts", "/project/src/board.ts"],
  });
});

it("begins anew where there is no transcript yet", () => {
  expect(transcriptNotes("/does/not/exist.jsonl", "s1", NOW)).toMatchObject({ first: "", startedAt: NOW });
  expect(transcriptNotes(undefined, "s1", NOW)).toMatchObject({ tool: "claude" });
});

it("knows its own commands, with and without the plugin's name", () => {
  expect(typedCommand("/handoff")).toEqual({ name: "handoff", words: "" });
  expect(typedCommand(" /oh-my-qwencoder:hulw  build it\nnow ")).toEqual({ name: "hulw", words: "build it\nnow" });
  for (const prompt of ["handoff", "/handoffs", "/other:handoff", "please /handoff", "/"])
    expect(typedCommand(prompt)).toBeUndefined();
});

it("answers nothing where there is nothing to say", () => {
  expect(hookOutput("SessionStart", {})).toBeUndefined();
  expect(hookOutput("PreToolUse", { denied: "no" })).toEqual({
    hookSpecificOutput: { hookEventName: "PreToolUse", permissionDecision: "deny", permissionDecisionReason: "no" },
  });
  expect(hookOutput("UserPromptSubmit", { message: "a", context: "b" })).toEqual({
    systemMessage: "a",
    hookSpecificOutput: { hookEventName: "UserPromptSubmit", additionalContext: "b" },
  });
});
