import type { Config } from "@opencode-ai/plugin";
import { describe, expect, it } from "vitest";
import { agentNames } from "../../plugin/compose.ts";
import { applyConfig } from "../../plugin/hooks/config.ts";
import { specialistAgents, specialists, specialistsOf } from "../../plugin/specialists.ts";
import { SPECIALISTS, TIERS } from "../../src/core/routing/specialists.ts";

function applied(config: object, on: boolean): Record<string, Record<string, unknown>> {
  const target = structuredClone(config) as Config;
  applyConfig(target, { agents: agentNames(undefined), specialists: on });
  return target.agent as unknown as Record<string, Record<string, unknown>>;
}

describe("the specialists' data", () => {
  it("has the 35 names, each in the policy's tier and with words of its own", () => {
    const all = specialists();
    for (const tier of TIERS)
      expect(all.filter((one) => one.tier === tier).map(({ name }) => name)).toEqual([...SPECIALISTS[tier]]);
    expect(all).toHaveLength(35);
    expect(new Set(all.map(({ prompt }) => prompt)).size).toBe(35);
    expect(new Set(all.map(({ role }) => role)).size).toBe(35);
  });

  it("lets explorers, researchers and reviewers read only, and nobody start others or touch a swarm", () => {
    for (const [name, { permission, mode }] of Object.entries(specialistAgents())) {
      expect(mode).toBe("subagent");
      expect(permission).toMatchObject({ task: "deny", dispatch_workers: "deny", commit_changes: "deny" });
      const reads = /^(?:explore|researcher|security-reviewer|code-reviewer|architect|planner|critic|analyst)/.test(
        name,
      );
      if (reads) expect(permission).toMatchObject({ edit: "deny", bash: "deny" });
      if (/^(?:executor|build-fixer|writer)/.test(name)) expect(permission).not.toHaveProperty("edit");
    }
  });
});

describe("installed specialists", () => {
  it("are there only where the install asked for them, and beside a person's agent of that name", () => {
    const mine = { description: "mine", prompt: "I draw houses." };
    expect(applied({ agent: { architect: mine } }, false)).not.toHaveProperty("explore");
    const agents = applied({ agent: { architect: mine } }, true);
    expect(agents.architect).toEqual(mine);
    expect(agents.explore).toMatchObject({ mode: "subagent" });
    const ours = specialistsOf(agents);
    expect(ours.has("architect")).toBe(false);
    expect(ours.size).toBe(34);
  });
});
