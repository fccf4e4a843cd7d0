import type { Hooks } from "@opencode-ai/plugin";
import { refusal, renderRefusal } from "../../src/core/workflow/refusal.ts";
import { agentNames } from "../compose.ts";
import type { PluginOptions } from "../options.ts";
import { swarmTools } from "../tools/all.ts";
import { applyConfig } from "./config.ts";
import { bypassProxy } from "./proxyBypass.ts";

/**
 * The same where what is broken is the person's to mend (a configuration that is not valid, a folder without git): the roles'
 * turns are refused with it before a model is asked, which would only pass it on in words of its own. Other agents' go on.
 */
export function refusingHooks(problem: string, options: PluginOptions): Hooks {
  const hooks = brokenHooks(problem, options);
  const ours = new Set(Object.values(agentNames(options.agents)));
  const next = "mend that and start OpenCode again; `oh-my-qwencoder doctor` looks at everything else.";
  return {
    ...hooks,
    "chat.message": async (input, output) => {
      await hooks["chat.message"]?.(input, output);
      // The message has the agent also where the host took its default one.
      if (ours.has(output.message.agent)) throw new Error(renderRefusal(refusal("cannot-start", problem, next)));
    },
  };
}

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
