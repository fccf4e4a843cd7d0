import { describe, expect, test } from "vitest";
import { canRunInParallel } from "../../../src/core/dag/parallel.ts";
import { analyzeTask, selectStrategy } from "../../../src/core/executors/taskAnalysis.ts";

describe("what a task is", () => {
  test("the documented example", () => {
    const task = { type: "implementation", description: "Add database schema migration", agent: "executor" } as const;
    expect(analyzeTask(task)).toEqual({
      inferredType: "implementation",
      complexity: "medium",
      estimatedDuration: 8000,
    });
    expect(selectStrategy(task)).toMatchObject({ mode: "run", parallelizable: true, routeToOpenCode: false });
  });

  test.each([
    ["Refactor the auth module", "refactoring"],
    ["인증 모듈 리팩토링", "refactoring"],
    ["Write integration tests", "test"],
    ["모든 테스트 실행", "test"],
    ["Analyze file 3.ts", "analysis"],
    ["코드 검토", "review"],
    ["Add a login form", "implementation"],
    ["", "implementation"],
  ])("%s", (description, type) => {
    expect(analyzeTask({ description }).inferredType).toBe(type);
  });

  test("long work goes to what is warm, and says what follows where that fails", () => {
    const task = { description: "Rewrite the entire billing system" };
    expect(analyzeTask(task).estimatedDuration).toBeGreaterThan(30_000);
    expect(selectStrategy(task)).toMatchObject({ mode: "run", options: { fallback: [] } });
    expect(selectStrategy(task, { serve: true })).toMatchObject({ mode: "serve", options: { fallback: ["run"] } });
    const both = selectStrategy(task, { serve: true, acp: true });
    expect(both).toMatchObject({ mode: "acp", options: { fallback: ["serve", "run"] } });
    expect(selectStrategy({ description: "Fix a typo" }, { serve: true, acp: true }).mode).toBe("run");
    expect(selectStrategy({ dependsOn: ["a"] }).parallelizable).toBe(false);
  });
});

describe("canRunInParallel", () => {
  test.each([
    ["one task", [{ id: "a", files: ["a.ts"] }], "Fewer than two tasks", []],
    [
      "a dependency",
      [
        { id: "a", files: ["a.ts"] },
        { id: "b", files: ["b.ts"], dependsOn: ["a"] },
      ],
      "Dependencies exist between tasks",
      [],
    ],
    [
      "the same file",
      [
        { id: "a", files: ["src/auth.ts"] },
        { id: "b", files: ["src/auth.ts"] },
      ],
      "File conflicts detected",
      [{ file: "src/auth.ts", tasks: [0, 1] }],
    ],
    [
      "a file in a folder",
      [
        { id: "a", files: ["src/auth/**"] },
        { id: "b", files: ["src/auth/login.ts"] },
      ],
      "File conflicts detected",
      [{ file: "src/auth/login.ts", tasks: [0, 1] }],
    ],
  ])("%s", (_, tasks, reason, conflicts) => {
    expect(canRunInParallel(tasks)).toEqual({ canParallel: false, reason, conflicts });
  });

  test("independent ones", () => {
    const tasks = ["src/a/**", "src/b/**"].map((glob, at) => ({ id: `${at}`, files: [glob] }));
    expect(canRunInParallel(tasks)).toMatchObject({ canParallel: true, conflicts: [] });
  });
});
