import type { Part } from "@opencode-ai/sdk";
import { keptSwarm, keptTask } from "../../src/core/compactedSession.ts";
import type { SwarmServices } from "../../src/runtime/services.ts";
import type { SessionActor } from "../sessionRoles.ts";

interface Shown {
  info: { id: string; sessionID: string };
  parts: Part[];
}

/**
 * Keeps what a session of the swarm's is for when the host shortens its messages. The model that writes the summary is told
 * it, and may still leave it out; so it also stands, word for word, before the summary in every request that follows.
 */
export class Compaction {
  /** What stands before a summary, by the message that asked for it: the same bytes in every request, for the prefix cache. */
  private readonly kept = new Map<string, Promise<string | undefined>>();
  private readonly services: Pick<SwarmServices, "swarm" | "sessions" | "log">;
  private readonly actorOf: (session: string) => Promise<SessionActor>;

  constructor(
    services: Pick<SwarmServices, "swarm" | "sessions" | "log">,
    actorOf: (session: string) => Promise<SessionActor>,
  ) {
    this.services = services;
    this.actorOf = actorOf;
  }

  /** Tells the model that writes the summary. */
  async inform(session: string, context: string[]): Promise<void> {
    const text = await this.of(session);
    if (text !== undefined) context.push(text);
  }

  /** What the summary of `session` must not lose; undefined for sessions that are not the swarm's. Never rejects. */
  private async of(session: string): Promise<string | undefined> {
    const { swarm, sessions, log } = this.services;
    try {
      const { role } = await this.actorOf(session);
      if (role === "none" || role === "replaced") return undefined;
      if (role !== "commander") return keptTask(role, await sessions.firstWords(session));
      return swarm.state?.session === session ? keptSwarm(swarm.state) : undefined;
    } catch (error) {
      log(`what the compacted session ${session} is for`, error);
      return undefined;
    }
  }

  /** Puts it before the newest summary of a request's messages, in place. */
  async restore(messages: readonly Shown[]): Promise<void> {
    const asked = messages.findLast(({ parts }) => parts.some(({ type }) => type === "compaction"));
    if (!asked) return;
    const { id, sessionID } = asked.info;
    const known = this.kept.get(id) ?? this.of(sessionID);
    this.kept.set(id, known);
    const text = await known;
    // Another session's, or nobody could say: asked again with the next request.
    if (text === undefined) return void this.kept.delete(id);
    asked.parts.push({ id: `${id}-kept`, sessionID, messageID: id, type: "text", text, synthetic: true });
  }
}
