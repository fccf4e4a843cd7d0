import type { Part } from "@opencode-ai/sdk";
import { ROLES } from "../../src/core/roles.ts";
import { workerOfSession } from "../../src/core/workflow/state.ts";
import type { HostModel } from "../../src/runtime/routing/routingDesk.ts";
import type { SwarmServices } from "../../src/runtime/services.ts";

/**
 * Puts the policy's model into the message that begins a turn; the host takes it from there. Sessions that are not the
 * swarm's are left alone.
 *
 * @param stands whether the model gate stands before a provider: its allow-list is the last word on where a request goes
 * @throws where a rule stops the turn, or the policy leads to a provider without the gate
 */
export async function routeTurn(
  services: Pick<SwarmServices, "agents" | "routing" | "swarm">,
  session: string,
  { message, parts }: { message: { agent: string; model?: HostModel }; parts: readonly Part[] },
  stands: (provider: string) => boolean,
): Promise<void> {
  const role = ROLES.find((each) => services.agents[each] === message.agent);
  if (role === undefined) return;
  const worker = services.swarm.state && workerOfSession(services.swarm.state, session);
  const said = parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
  const task = worker?.assignment.spec ?? said;
  const chosen = await services.routing.choose({ agent: role, session, task, lasting: role !== "commander" });
  if (!chosen) return;
  if (!stands(chosen.providerID)) {
    throw new Error(
      `Routing leads to "${chosen.providerID}", which OpenCode's configuration does not name. Add it under \`provider\` (and \`enabled_providers\`) there, or set routing.providers.<name>.hostProvider.`,
    );
  }
  message.model = chosen;
}
