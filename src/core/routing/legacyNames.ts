import { decideRoute } from "./decideRoute.ts";
import { makePolicy, type PolicySettings } from "./policy.ts";
import { plainAgentName, type Tier } from "./specialists.ts";
import type { FusionMode } from "./verdict.ts";

/** A tool call that starts a subagent. */
export interface SubagentCall {
  subagent_type?: string | undefined;
  prompt?: string | undefined;
}

export interface RouteOptions extends Omit<PolicySettings, "externalAllowed"> {
  mode?: FusionMode;
  /** Without a mode: true is `always`. */
  fusionDefault?: boolean;
  /** Allow models outside the house; nothing leads there without it. */
  allowExternal?: boolean;
  /** Percent of each provider's fullest window; a number is the primary's. Left out is unknown. */
  usage?: number | Readonly<Record<string, number>>;
  /** Whether the fallback is active. */
  fallbackActive?: boolean;
  session?: string;
}

export interface SubagentRoute {
  /** Whether it leaves the primary. */
  route: boolean;
  /** The reason's code, or `claude-limit-92%` and its like. */
  reason: string;
  targetModel?: { id: string; name: string };
  opencodeAgent?: "Oracle" | "Codex" | "Flash";
}

/** Agents whose work is to write code. */
const EXECUTION = /^(?:executor|build-fixer|tdd-guide|worker)(?:-|$)/;

/**
 * Whether a subagent leaves the primary, and for which model: `decideRoute` under the older tool's name and with its shape.
 * Pure: it reads no state, so limits and fallback are what the options say.
 */
export function shouldRouteToOpenCode(toolInput: SubagentCall, options: RouteOptions = {}): SubagentRoute {
  const { mode, fusionDefault, allowExternal, usage, fallbackActive, session, ...settings } = options;
  const policy = makePolicy({ ...settings, externalAllowed: allowExternal ?? false });
  const percents = typeof usage === "number" ? { [policy.primary]: usage } : (usage ?? {});
  const providers = Object.fromEntries(Object.entries(percents).map(([id, percent]) => [id, { percent }]));
  const verdict = decideRoute(
    policy,
    { providers, ...(fallbackActive ? { fallback: "fallback active" } : {}) },
    {
      agent: toolInput.subagent_type ?? "worker",
      mode: mode ?? (fusionDefault ? "always" : "off"),
      session: session ?? "",
      ...(toolInput.prompt === undefined ? {} : { task: toolInput.prompt }),
    },
  );
  if (verdict.kind === "unknown-agent") return { route: false, reason: `unknown-agent: ${verdict.agent}` };
  const reason = verdict.reason.code === "limit" ? verdict.reason.detail : verdict.reason.code;
  if (verdict.kind === "blocked" || !verdict.route) return { route: false, reason };
  const { provider, model: id, tier, agent } = verdict;
  const known = policy.providers.get(provider)?.models[tier];
  const name = known?.id === id ? known.name : id;
  const opencodeAgent = agentFor(provider, tier, agent);
  return { route: true, reason, targetModel: { id, name }, ...(opencodeAgent ? { opencodeAgent } : {}) };
}

function agentFor(provider: string, tier: Tier, agent: string): SubagentRoute["opencodeAgent"] {
  if (provider === "gemini") return "Flash";
  if (provider !== "openai") return undefined;
  if (EXECUTION.test(agent)) return "Codex";
  return tier === "low" ? undefined : "Oracle";
}

export interface TaskRoute {
  target: "claude" | "opencode";
  agent: string;
  strategy: "run" | "serve" | "acp";
}

/** Kinds of work under the names people use, and the specialist for each. */
const TASKS: Readonly<Record<string, { agent: string; tier: Tier; strategy?: TaskRoute["strategy"] }>> = {
  planning: { agent: "planner", tier: "high" },
  architecture: { agent: "architect", tier: "high" },
  analysis: { agent: "analyst", tier: "high" },
  review: { agent: "code-reviewer", tier: "high" },
  security: { agent: "security-reviewer", tier: "high" },
  implementation: { agent: "executor", tier: "medium", strategy: "serve" },
  refactoring: { agent: "executor", tier: "medium", strategy: "serve" },
  debugging: { agent: "build-fixer", tier: "medium", strategy: "serve" },
  test: { agent: "qa-tester", tier: "medium", strategy: "serve" },
  design: { agent: "designer", tier: "medium" },
  research: { agent: "researcher", tier: "medium" },
  vision: { agent: "vision", tier: "medium" },
  exploration: { agent: "explore", tier: "low" },
  writing: { agent: "writer", tier: "low" },
};
const TASK_ALIASES: Readonly<Record<string, string>> = {
  plan: "planning",
  planner: "planning",
  architect: "architecture",
  analyzer: "analysis",
  analyst: "analysis",
  analyze: "analysis",
  reviewer: "review",
  executor: "implementation",
  execution: "implementation",
  implement: "implementation",
  refactor: "refactoring",
  debug: "debugging",
  fix: "debugging",
  testing: "test",
  tester: "test",
  explorer: "exploration",
  explore: "exploration",
  search: "exploration",
  researcher: "research",
  creative: "writing",
  docs: "writing",
  documentation: "writing",
  writer: "writing",
};

/**
 * Which agent a kind of work is for, whether it needs the primary's best model ("claude" in the older tool's words), and how
 * it is best run. Says nothing about what may leave the house. @throws RangeError for a kind nobody knows.
 */
export function routeTask(type: string): TaskRoute {
  const plain = plainAgentName(type);
  const task = TASKS[TASK_ALIASES[plain] ?? plain];
  if (task === undefined)
    throw new RangeError(`No kind of work is called "${type}": use one of ${Object.keys(TASKS).join(", ")}.`);
  return { target: task.tier === "high" ? "claude" : "opencode", agent: task.agent, strategy: task.strategy ?? "run" };
}
