import type { Config } from "@opencode-ai/plugin";
import { describe, expect, it } from "vitest";
import { roleDefinitions } from "../../../plugin/agents.ts";
import { agentNames } from "../../../plugin/compose.ts";
import { applyConfig } from "../../../plugin/hooks/config.ts";

interface Applied {
  agent: Record<string, { prompt?: string; permission?: { task?: Record<string, string> } }>;
  command: Record<string, { agent?: string }>;
  permission: { task: Record<string, string> };
}

/** What the host's configuration looks like afterwards, and the names everybody else goes by. */
function applied(config: object, renamed: Parameters<typeof agentNames>[0] = undefined) {
  const target = structuredClone(config) as Config;
  const agents = agentNames(renamed);
  applyConfig(target, { agents });
  return { config: target as unknown as Applied, agents };
}

const theirs = { description: "mine", prompt: "I pack boxes." };

describe("a role's name", () => {
  it("is the plain one, also where our own entry stands there already", () => {
    const once = applied({});
    const plain = { commander: "commander", worker: "worker", scout: "scout", librarian: "librarian" };
    expect(once.agents).toEqual(plain);
    expect(applied(once.config).agents).toEqual(plain);
  });

  it("gives way to the person's agent, which stays as it was and callable", () => {
    const { config, agents } = applied({ agent: { worker: theirs, scout: { description: "no prompt" } } });
    expect(agents).toEqual({
      commander: "commander",
      worker: "aegis-worker",
      scout: "aegis-scout",
      librarian: "librarian",
    });
    expect(config.agent.worker).toEqual(theirs);
    expect(config.agent.scout).toEqual({ description: "no prompt" });
    expect(config.agent["aegis-worker"]?.prompt).toBe(roleDefinitions().worker.prompt);
    expect(config.agent.commander?.permission?.task).toMatchObject({ "aegis-scout": "allow" });
    expect(config.permission.task).toMatchObject({ "aegis-worker": "deny", "aegis-scout": "deny" });
    expect(config.permission.task).not.toHaveProperty("worker");
  });

  it("is another one still where the second is taken too", () => {
    const taken = { worker: theirs, "aegis-worker": theirs };
    const { config, agents } = applied({ agent: taken }, { worker: "aegis-worker" });
    expect(agents.worker).toBe("aegis-worker-2");
    expect(config.agent).toMatchObject(taken);
  });

  it("stays the Commander's: a repository's agent of that name would be chosen without any gate", () => {
    const { config, agents } = applied({ agent: { commander: theirs } });
    expect(agents.commander).toBe("commander");
    expect(config.agent.commander?.prompt).toBe(roleDefinitions().commander.prompt);
    expect(config.command.autopilot?.agent).toBe("commander");
  });
});
