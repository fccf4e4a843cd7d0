import type { Hooks } from "@opencode-ai/plugin";
import { refusal, renderRefusal } from "../../src/core/workflow/refusal.ts";
import { agentNames } from "../compose.ts";
import type { PluginOptions } from "../options.ts";
import { swarmTools } from "../tools/all.ts";
import { applyConfig } from "./config.ts";
import { bypassProxy } from "./proxyBypass.ts";

/** Hooks of a plugin that cannot work here: the roles are shown, and every tool of theirs says what is wrong. */
export function brokenHooks(problem: string, options: PluginOptions): Hooks {
  const agents = agentNames(options.agents);
  const ours = new Set<string>();
  const text = renderRefusal(refusal("cannot-start", problem, "tell the person; nothing was changed."));
  return {
    config: async (config) => {
      bypassProxy(process.env, []);
      applyConfig(config, { agents, model: options.model });
    },
    "chat.message": async (input) => {
      if (Object.values(agents).includes(input.agent ?? "")) ours.add(input.sessionID);
      else ours.delete(input.sessionID);
    },
    "tool.execute.before": async (input) => {
      if (ours.has(input.sessionID)) throw new Error(text);
    },
    tool: Object.fromEntries(
      swarmTools.map((tool) => [
        tool.name,
        { description: tool.description, args: tool.args as never, execute: async () => text },
      ]),
    ),
  };
}
