import type { Hooks } from "@opencode-ai/plugin";
import { renderRefusal } from "../../src/core/workflow/refusal.ts";
import { stateUnusable } from "../../src/runtime/holdLease.ts";
import type { ChatJobs } from "../../src/runtime/jobs/chatJobs.ts";
import type { SwarmServices } from "../../src/runtime/services.ts";
import { swarmTools } from "./all.ts";
import { jobTools } from "./jobTools.ts";
import { callTool } from "./tool.ts";

/**
 * The swarm's tools as OpenCode registers them.
 * @param ready resolves once the swarm's log was read; a call before that waits, and is refused where it cannot be read.
 */
export function registeredTools(
  services: SwarmServices,
  jobs: ChatJobs,
  ready: () => Promise<void>,
): NonNullable<Hooks["tool"]> {
  return { ...ofTheSwarm(services, ready), ...ofJobs(jobs) };
}

function ofJobs(jobs: ChatJobs): NonNullable<Hooks["tool"]> {
  return Object.fromEntries(
    jobTools.map((tool) => [
      tool.name,
      {
        description: tool.description,
        args: tool.args as never,
        execute: async (args: unknown, context) =>
          tool.run(jobs, args, {
            session: context.sessionID,
            agent: context.agent,
            signal: context.abort,
            title: (title) => context.metadata({ title }),
            ask: async (question) => {
              try {
                await context.ask({
                  permission: tool.name,
                  patterns: [question],
                  always: ["*"],
                  metadata: { question },
                });
                return true;
              } catch (error) {
                // A question that goes with its turn is no answer.
                if (context.abort.aborted) throw error;
                return false;
              }
            },
          }),
      },
    ]),
  );
}

function ofTheSwarm(services: SwarmServices, ready: () => Promise<void>): NonNullable<Hooks["tool"]> {
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
