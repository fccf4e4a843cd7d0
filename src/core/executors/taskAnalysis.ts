import { routeTask, shouldRouteToOpenCode } from "../routing/legacyNames.ts";

export const TASK_TYPES = ["analysis", "implementation", "test", "review", "refactoring"] as const;
export type TaskType = (typeof TASK_TYPES)[number];
export type Complexity = "low" | "medium" | "high";

/** What is known of a task before it runs. */
export interface TaskSketch {
  type?: TaskType | undefined;
  description?: string | undefined;
  agent?: string | undefined;
  files?: readonly string[] | undefined;
  dependsOn?: readonly string[] | undefined;
  /** ms. */
  timeout?: number | undefined;
}

export interface TaskAnalysis {
  inferredType: TaskType;
  complexity: Complexity;
  /** ms. */
  estimatedDuration: number;
}

/** Words by which a kind of work is known, looked at in this order; what matches none writes code. */
const TYPE_WORDS: readonly (readonly [TaskType, RegExp])[] = [
  ["refactoring", /\b(?:refactor\w*|restructur\w*|clean ?up|extract|renam\w+)\b|리팩(?:토|터)링|정리/i],
  ["test", /\b(?:tests?|testing|spec|e2e|coverage)\b|테스트/i],
  ["review", /\b(?:review\w*|audit\w*|critique)\b|리뷰|검토/i],
  [
    "analysis",
    /\b(?:analy[sz]e\w*|analysis|investigat\w*|explain|find|search|explor\w*|summari[sz]e)\b|분석|조사|찾아|설명/i,
  ],
];
const HIGH =
  /\b(?:entire|whole|every|all (?:files|modules)|across|architecture|redesign|rewrite|migrate|platform|system)\b|전체|모든|아키텍처|재작성|시스템/i;
const LOW = /\b(?:typo|comment|rename|one line|small|simple|quick|docstring)\b|오타|주석|간단/i;
/** Longer than a sentence or two asks for more than one thing. */
const LONG_TEXT = 600;
/** More globs than this, or a glob over a whole tree beside others. */
const MANY_FILES = 5;

/** Durations of a task of middling size (ms); the local model's own times differ, the order between kinds does not. */
const BASE_MS: Readonly<Record<TaskType, number>> = {
  analysis: 5_000,
  review: 6_000,
  test: 8_000,
  implementation: 8_000,
  refactoring: 10_000,
};
const FACTOR: Readonly<Record<Complexity, number>> = { low: 0.5, medium: 1, high: 6 };

/** What kind of work a task is, how much, and about how long it takes, from its words and files alone. */
export function analyzeTask(task: TaskSketch): TaskAnalysis {
  const text = task.description ?? "";
  const inferredType = task.type ?? TYPE_WORDS.find(([, words]) => words.test(text))?.[0] ?? "implementation";
  const files = task.files ?? [];
  const wide = files.length > MANY_FILES || (files.length > 1 && files.some((glob) => glob.includes("**")));
  const complexity = wide || text.length > LONG_TEXT || HIGH.test(text) ? "high" : LOW.test(text) ? "low" : "medium";
  return { inferredType, complexity, estimatedDuration: BASE_MS[inferredType] * FACTOR[complexity] };
}

/** How a task is run: one process, the pool of OpenCode servers, or the Agent Client Protocol. */
export type RunMode = "run" | "serve" | "acp";

export interface Strategy {
  mode: RunMode;
  /** Whether it waits for nothing. */
  parallelizable: boolean;
  /** Whether it leaves the primary. */
  routeToOpenCode: boolean;
  options: {
    agent: string;
    timeout: number /** Tried in turn where the mode fails, once each. */;
    fallback: RunMode[];
  };
}

/** Below this one process of its own is as good (ms). */
const RUN_BELOW_MS = 30_000;
const TIMEOUT_MS = 300_000;

/** How a task is best run with what is there; without anything it is one process. */
export function selectStrategy(
  task: TaskSketch,
  available: { serve?: boolean | undefined; acp?: boolean | undefined } = {},
): Strategy {
  const { inferredType, estimatedDuration } = analyzeTask(task);
  const agent = task.agent ?? routeTask(inferredType).agent;
  const modes: RunMode[] = [
    ...(estimatedDuration >= RUN_BELOW_MS && available.acp ? (["acp"] as const) : []),
    ...(estimatedDuration >= RUN_BELOW_MS && available.serve ? (["serve"] as const) : []),
    "run",
  ];
  const [mode = "run", ...fallback] = modes;
  return {
    mode,
    parallelizable: (task.dependsOn ?? []).length === 0,
    routeToOpenCode: shouldRouteToOpenCode({ subagent_type: agent, prompt: task.description }).route,
    options: { agent, timeout: task.timeout ?? TIMEOUT_MS, fallback },
  };
}
