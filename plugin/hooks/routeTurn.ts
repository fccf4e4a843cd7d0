import type { Part } from "@opencode-ai/sdk";
import { ROLES } from "../../src/core/roles.ts";
import type { FusionMode } from "../../src/core/routing/verdict.ts";
import { workerOfSession } from "../../src/core/workflow/state.ts";
import type { HostModel } from "../../src/runtime/routing/routingDesk.ts";
import type { SwarmServices } from "../../src/runtime/services.ts";

type Services = Pick<SwarmServices, "agents" | "routing" | "swarm">;

export interface TurnPlace {
  /** Whether the model gate stands before a provider: its allow-list is the last word on where a request goes. */
  stands(provider: string): boolean;
  /** The session a person writes to, above a helper's. */
  rootOf(session: string): Promise<string>;
  /** Specialists that the install added. */
  specialists: ReadonlySet<string>;
}

/**
 * Puts the policy's model into the message that begins a turn; the host takes it from there. Asked for the swarm's sessions,
 * for installed specialists, and where a person switched a mode on; all others are left alone.
 *
 * @throws where a rule stops the turn, or the policy leads to a provider without the gate
 */
export async function routeTurn(
  services: Services,
  session: string,
  { message, parts }: { message: { agent: string; model?: HostModel }; parts: readonly Part[] },
  place: TurnPlace,
): Promise<void> {
  if (!services.routing.matters) return;
  const said = parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
  const role = ROLES.find((each) => services.agents[each] === message.agent);
  const worker = services.swarm.state && workerOfSession(services.swarm.state, session);
  const work =
    role === undefined
      ? await outside(services, session, message.agent, place)
      : { agent: role, lasting: role !== "commander" };
  if (work === undefined) return;
  const chosen = await services.routing.choose({ ...work, session, task: worker?.assignment.spec ?? said });
  if (!chosen) return;
  if (!place.stands(chosen.providerID)) {
    throw new Error(
      `Routing leads to "${chosen.providerID}", which OpenCode's configuration does not name. Add it under \`provider\` (and \`enabled_providers\`) there, or set routing.providers.<name>.hostProvider.`,
    );
  }
  message.model = chosen;
}

/** A session that is not the swarm's. A person's own agent counts as the Commander where they write to it, else as a Worker. */
async function outside(
  services: Services,
  session: string,
  agent: string,
  place: TurnPlace,
): Promise<{ agent: string; lasting: boolean; mode?: FusionMode } | undefined> {
  const root = await place.rootOf(session);
  const mode = services.routing.modeOf(root);
  const specialist = place.specialists.has(agent);
  if (mode === undefined && !specialist) return undefined;
  const lasting = root !== session;
  const named = specialist || services.routing.knows(agent) ? agent : lasting ? "worker" : "commander";
  return { agent: named, lasting, ...(mode === undefined ? {} : { mode }) };
}
