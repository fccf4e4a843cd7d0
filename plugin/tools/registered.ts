import type { Hooks } from "@opencode-ai/plugin";
import { renderRefusal } from "../../src/core/workflow/refusal.ts";
import { stateUnusable } from "../../src/runtime/holdLease.ts";
import type { SwarmServices } from "../../src/runtime/services.ts";
import { swarmTools } from "./all.ts";
import { callTool } from "./tool.ts";

/**
 * The swarm's tools as OpenCode registers them.
 * @param ready resolves once the swarm's log was read; a call before that waits, and is refused where it cannot be read.
 */
export function registeredTools(services: SwarmServices, ready: () => Promise<void>): NonNullable<Hooks["tool"]> {
  return Object.fromEntries(
    swarmTools.map((tool) => [
      tool.name,
      {
        description: tool.description,
        // The host reads only the schema's shape; it brings another copy of zod, whose types differ from ours.
        args: tool.args as never,
        execute: async (args: unknown, context) => {
          const unreadable = await ready().then(() => undefined, stateUnusable);
          if (unreadable) return renderRefusal(unreadable);
          return callTool(tool, services, args, {
            session: context.sessionID,
            signal: context.abort,
            title: (title) => context.metadata({ title }),
          });
        },
      },
    ]),
  );
}
