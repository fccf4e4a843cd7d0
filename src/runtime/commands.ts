import type { SwarmCommand } from "../core/workflow/commands.ts";
import type { Decision } from "../core/workflow/decide/decision.ts";
import { needLease } from "./holdLease.ts";
import type { SwarmServices } from "./services.ts";

type Timeless = SwarmCommand extends infer C ? (C extends SwarmCommand ? Omit<C, "at"> : never) : never;

/**
 * Stamps a command with the present time and puts it to the decider. Refused in a process that only watches: what it
 * knows of the swarm may be old, and a log has one writer.
 */
export async function submit(
  services: Pick<SwarmServices, "swarm" | "lease" | "now">,
  command: Timeless,
): Promise<Decision> {
  const refused = await needLease(services);
  if (refused) return { ok: false, refusal: refused };
  return services.swarm.submit({ ...command, at: services.now() } as SwarmCommand);
}
