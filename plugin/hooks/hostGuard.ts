import type { Hooks } from "@opencode-ai/plugin";
import { supportsOpencode, wrongHost } from "../../src/core/hostVersion.ts";
import { messageOf } from "../../src/ports/thrown.ts";

/** What the guard needs of the host. */
export interface AskedHost {
  /** @throws where the host does not say it */
  version(): Promise<string>;
  tell(message: string): Promise<void>;
}

/**
 * Keeps the swarm from starting in a host it was not made for: its tools and sessions get what `refusing` makes of the reason
 * then, and the person is told once. The host is asked with the first message or call, not as it starts: a question then
 * holds the start up by a tenth of a second. A host that does not say its version is asked again each time, and nothing starts before.
 */
export function guardHost(
  hooks: Hooks,
  host: AskedHost,
  refusing: (problem: string) => Hooks,
  log: (message: string, error?: unknown) => void,
): Hooks {
  let known: Promise<Hooks> | undefined;
  // One for all its refusals: it remembers whose sessions are ours.
  let unanswered: Hooks | undefined;
  const fitting = async (): Promise<Hooks> => {
    const version = await host.version();
    if (supportsOpencode(version)) return hooks;
    const problem = wrongHost(version);
    log(problem);
    host.tell(problem).catch((error: unknown) => log("OpenCode did not show that", error));
    return refusing(problem);
  };
  const chosen = (): Promise<Hooks> => {
    known ??= fitting();
    return known.catch((error: unknown) => {
      known = undefined;
      log("OpenCode does not say its version", error);
      unanswered ??= refusing(
        `OpenCode does not say its version (${messageOf(error)}), and no swarm starts in an unknown one.`,
      );
      return unanswered;
    });
  };
  const tools = Object.entries(hooks.tool ?? {}).map(([name, tool]) => {
    const execute: typeof tool.execute = async (args, context) => {
      const inPlace = (await chosen()).tool?.[name] ?? tool;
      return inPlace.execute(args, context);
    };
    return [name, { ...tool, execute }] as const;
  });
  return {
    ...hooks,
    "chat.message": async (input, output) => (await chosen())["chat.message"]?.(input, output),
    "tool.execute.before": async (input, output) => (await chosen())["tool.execute.before"]?.(input, output),
    tool: Object.fromEntries(tools),
  };
}
