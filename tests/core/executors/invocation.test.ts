import { describe, expect, test } from "vitest";
import { failureFromWords } from "../../../src/core/executors/cliFailure.ts";
import { cliOf, invocationOf } from "../../../src/core/executors/invocation.ts";

const task = { model: "m", prompt: "-x; rm -rf $(pwd) 'q'\n둘째 줄", projectDir: "/p" };

describe("a run's arguments", () => {
  test.each(["codex", "gemini", "agy", "claude", "opencode"])(
    "%s gets the prompt and nothing else from it",
    (program) => {
      const args = invocationOf(program, task);
      const last = args.at(-1);
      if (program === "opencode") {
        // OpenCode joins them again.
        expect(args.slice(args.indexOf("--") + 1).join(" ")).toBe(task.prompt);
        return;
      }
      if (program === "gemini" || program === "agy") {
        expect(args.filter((arg) => arg.endsWith(`=${task.prompt}`))).toHaveLength(1);
      } else {
        expect([args.at(-2), last]).toEqual(["--", task.prompt]);
      }
    },
  );

  test.each([
    ["Prompt 0", ["Prompt\t0"]],
    ["7 of 9 and  x", ["7\tof\t9", "and", "", "x"]],
    ["1 2", ["1\t2"]],
    ["42", ['"42"']],
  ])("no word reaches OpenCode as a number: %s", (prompt, words) => {
    const args = invocationOf("opencode", { ...task, prompt });
    expect(args.slice(args.indexOf("--") + 1)).toEqual(words);
  });

  test("codex is confined to the project, claude streams, opencode names agent and model", () => {
    expect(invocationOf("codex", task).join(" ")).toContain("-s workspace-write -C /p -m m");
    expect(invocationOf("claude", task)).toEqual(expect.arrayContaining(["stream-json", "--verbose"]));
    const args = invocationOf("opencode", { ...task, agent: "commander", before: ["--print-logs"] });
    expect(args.slice(0, 4)).toEqual(["--print-logs", "run", "--format", "json"]);
    expect(args.join(" ")).toContain("-m m --agent commander --");
    expect(args[4]).toBe("--title=-x; rm -rf $(pwd) 'q'");
  });

  test("providers under their names", () => {
    expect(["openai", "google", "claude", "anthropic", "opencode", "local", "zai", "toString"].map(cliOf)).toEqual([
      "codex",
      "gemini",
      "claude",
      "claude",
      "opencode",
      "opencode",
      undefined,
      undefined,
    ]);
  });
});

describe("failures in words", () => {
  test.each([
    ["unexpected status 401 Unauthorized: invalid x-api-key, url: http://h:4290/v1", undefined, "auth"],
    ["exceeded retry limit, last status: 429 Too Many Requests", undefined, "rate"],
    ["API Error: 529 Overloaded. This is a server-side issue", undefined, "overload"],
    ["Overloaded", 529, "overload"],
    ["5-hour limit reached ∙ resets 3pm", undefined, "quota"],
    ["You've hit your usage limit. Try again later.", undefined, "quota"],
    ["insufficient_quota", 429, "quota"],
    ["stream disconnected before completion", undefined, "timeout"],
    ["Please run /login", undefined, "auth"],
    ["line 429 of the file has a defect", undefined, "unknown"],
    ["", undefined, "unknown"],
  ])("%s", (words, status, kind) => {
    expect(failureFromWords(words, status, 0).kind).toBe(kind);
  });

  test("a limit's own time is kept", () => {
    expect(failureFromWords("Claude AI usage limit reached|1795300000", undefined, 0).resetsAt).toBe(1_795_300_000_000);
  });
});
