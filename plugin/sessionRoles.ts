import { ROLES } from "../src/core/roles.ts";
import type { Worker } from "../src/core/workflow/state.ts";
import { workerOfSession } from "../src/core/workflow/state.ts";
import type { SwarmServices } from "../src/runtime/services.ts";

/** Who acts in a session, as far as the swarm's rules are concerned. */
export type SessionActor =
  | { role: "worker"; worker: Worker }
  | { role: "commander" | "scout" | "librarian" }
  /** A Worker's session from before a retry, or of an older swarm: it may do nothing any more. */
  | { role: "replaced" }
  | { role: "none" };

/**
 * Knows which sessions are the swarm's. Hook inputs carry no agent name, so it remembers what the host's events and the
 * person's messages tell, and asks the host for a session it never heard of.
 */
export class SessionRoles {
  private readonly agentOf = new Map<string, string>();
  private readonly parentOf = new Map<string, string | undefined>();
  private readonly services: SwarmServices;

  constructor(services: SwarmServices) {
    this.services = services;
  }

  /** A session was made or changed. */
  learn(session: { id: string; parent?: string | undefined; agent?: string | undefined }): void {
    // Not every event of a child names its parent, and no session changes it.
    if (session.parent !== undefined || !this.parentOf.has(session.id)) this.parentOf.set(session.id, session.parent);
    if (session.agent !== undefined) this.agentOf.set(session.id, session.agent);
  }

  /** A person (or a parent) wrote to `session` with `agent` chosen. */
  speaks(session: string, agent: string): void {
    this.agentOf.set(session, agent);
  }

  forget(session: string): void {
    this.agentOf.delete(session);
    this.parentOf.delete(session);
  }

  /** @throws where the host cannot say what the session is: the caller decides what that means. */
  async actor(session: string): Promise<SessionActor> {
    const state = this.services.swarm.state;
    const worker = state && workerOfSession(state, session);
    if (worker) return { role: "worker", worker };
    const agent = await this.agent(session);
    const role = ROLES.find((each) => this.services.agents[each] === agent);
    return { role: role === "worker" ? "replaced" : (role ?? "none") };
  }

  async isRoot(session: string): Promise<boolean> {
    return (await this.parent(session)) === undefined;
  }

  /** The session a person writes to, of which `session` is a helper's helper or itself. */
  async rootOf(session: string): Promise<string> {
    let current = session;
    for (let depth = 0; depth < 8; depth += 1) {
      const above = await this.parent(current);
      if (above === undefined) break;
      current = above;
    }
    return current;
  }

  /** Whether `session` descends from a session of ours: such a one is never let through unjudged. */
  async isBelowSwarm(session: string): Promise<boolean> {
    const state = this.services.swarm.state;
    for (let current: string | undefined = session, depth = 0; current !== undefined && depth < 8; depth += 1) {
      if (state && (state.session === current || workerOfSession(state, current))) return true;
      current = await this.parent(current);
    }
    return false;
  }

  /** The Worker that `session` helps, directly or through another helper. */
  async workerAbove(session: string): Promise<Worker | undefined> {
    const state = this.services.swarm.state;
    // A helper has a parent: where none was told of, the host is asked.
    if ((await this.parent(session)) === undefined) await this.ask(session);
    for (let current = await this.parent(session), depth = 0; state && current !== undefined && depth < 8; depth += 1) {
      const worker = workerOfSession(state, current);
      if (worker) return worker;
      current = await this.parent(current);
    }
    return undefined;
  }

  private async agent(session: string): Promise<string | undefined> {
    if (!this.agentOf.has(session)) await this.ask(session);
    return this.agentOf.get(session);
  }

  private async parent(session: string): Promise<string | undefined> {
    if (!this.parentOf.has(session)) await this.ask(session);
    return this.parentOf.get(session);
  }

  private async ask(session: string): Promise<void> {
    const info = await this.services.sessions.info(session);
    if (info) this.learn({ id: session, parent: info.parent, agent: info.agent });
  }
}
