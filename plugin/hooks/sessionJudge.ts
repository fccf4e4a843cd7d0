import type { SwarmServices } from "../../src/runtime/services.ts";
import type { SessionActor, SessionRoles } from "../sessionRoles.ts";
import type { OpenedSwarm } from "./openedSwarm.ts";

/** Says who acts in a session, for every hook that has to judge a call. */
export class SessionJudge {
  private readonly services: SwarmServices;
  private readonly roles: SessionRoles;
  private readonly opened: OpenedSwarm;

  constructor(services: SwarmServices, roles: SessionRoles, opened: OpenedSwarm) {
    this.services = services;
    this.roles = roles;
    this.opened = opened;
  }

  /**
   * Who acts in a session. Where that cannot be told while a swarm is open, the session is treated as one that may do
   * nothing: a gate that errs refuses. Never rejects.
   */
  async actor(session: string): Promise<SessionActor> {
    const { services, roles } = this;
    try {
      const actor = await this.own(session);
      if (actor.role !== "none" || !services.swarm.open) return actor;
      // A child of a swarm session that runs an agent of another name is still bound by the rules.
      return (await roles.isBelowSwarm(session)) && !(await roles.isRoot(session)) ? { role: "scout" } : actor;
    } catch (error) {
      services.log(`role of session ${session}`, error);
      return services.swarm.open ? { role: "replaced" } : { role: "none" };
    }
  }

  /** The role the session itself has, whatever it is below. @throws where the host cannot say. */
  async own(session: string): Promise<SessionActor> {
    // A log that cannot be read opens no gate: without a state every one of them refuses. It is in the operator's log.
    await this.opened.ready().catch(() => undefined);
    return this.roles.actor(session);
  }
}
