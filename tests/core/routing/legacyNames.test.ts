import { expect, it } from "vitest";
import { routeTask, shouldRouteToOpenCode } from "../../../src/core/routing/legacyNames.ts";

const OUTSIDE = { primary: "claude", allowExternal: true } as const;
const call = (agent: string) => ({ subagent_type: `oh-my-claudecode:${agent}` });

it("routes away at the limit, with the older tool's words", () => {
  expect(shouldRouteToOpenCode(call("architect"), { ...OUTSIDE, usage: { claude: 92 } })).toEqual({
    route: true,
    reason: "claude-limit-92%",
    targetModel: { id: "gpt-5.2-codex", name: "GPT-5.2 Codex" },
    opencodeAgent: "Oracle",
  });
});

it("names the agent by provider and kind of work", () => {
  const agentOf = (agent: string) =>
    shouldRouteToOpenCode(call(agent), { ...OUTSIDE, fusionDefault: true }).opencodeAgent;
  expect(["researcher", "executor", "build-fixer", "explore", "architect-low"].map(agentOf)).toEqual([
    "Oracle",
    "Codex",
    "Codex",
    "Flash",
    "Flash",
  ]);
});

it("stays where nothing says otherwise, and never leaves unless that is allowed", () => {
  expect(shouldRouteToOpenCode(call("architect"))).toEqual({ route: false, reason: "default" });
  expect(shouldRouteToOpenCode(call("architect"), { ...OUTSIDE, usage: 50 })).toEqual({
    route: false,
    reason: "default",
  });
  const closed = { primary: "claude", mode: "always", fallbackActive: true } as const;
  expect(shouldRouteToOpenCode(call("explore"), closed)).toEqual({ route: false, reason: "external-blocked" });
  expect(shouldRouteToOpenCode(call("nobody"), OUTSIDE)).toEqual({ route: false, reason: "unknown-agent: nobody" });
});

it("knows the kinds of work", () => {
  expect(routeTask("analyzer")).toEqual({ target: "claude", agent: "analyst", strategy: "run" });
  expect(routeTask("executor")).toEqual({ target: "opencode", agent: "executor", strategy: "serve" });
  expect(routeTask("explorer")).toEqual({ target: "opencode", agent: "explore", strategy: "run" });
  expect(() => routeTask("dancing")).toThrow('No kind of work is called "dancing"');
});
