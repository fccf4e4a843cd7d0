import { Calibration } from "../../core/schedule/calibration.ts";
import type { UnitRole } from "../../core/schedule/model.ts";
import { ROLE_RANK } from "../../core/schedule/order.ts";
import type { RequestTurns, Turn, TurnRequest } from "./inTurn.ts";
import type { ServerQueues } from "./serverQueues.ts";

const ROLES: Readonly<Record<string, UnitRole>> = {
  commander: "commander",
  worker: "worker",
  // A Worker's session from before a retry: its last words wait like a Worker's.
  replaced: "worker",
  scout: "scout",
  librarian: "librarian",
};

/** The swarm's turns at its own model servers: whose request goes when, by what the server said of itself and of them. */
export class GpuTurns implements RequestTurns {
  private readonly queues: ServerQueues;
  private readonly calibration = new Calibration();
  private readonly ownerOf: (session: string) => string;
  private readonly isOwn: (url: string) => boolean;
  private readonly byPriority: boolean;

  /**
   * @param ownerOf the swarm a session belongs to
   * @param isOwn whether a server of this address is the house's own; others have limits of their own, and nobody's metrics
   * @param byPriority whether the servers schedule by priority
   */
  constructor(
    queues: ServerQueues,
    ownerOf: (session: string) => string,
    isOwn: (url: string) => boolean,
    byPriority = false,
  ) {
    this.byPriority = byPriority;
    this.queues = queues;
    this.ownerOf = ownerOf;
    this.isOwn = isOwn;
  }

  async enter({ session, role, url, parent, bytes }: TurnRequest, signal: AbortSignal): Promise<Turn | undefined> {
    const unit = ROLES[role];
    if (unit === undefined || !this.isOwn(url)) return undefined;
    const entry = { session, owner: this.ownerOf(session), role: unit, tokens: this.calibration.sent(session, bytes) };
    const ticket = await this.queues.enter(
      new URL(url).origin,
      parent === undefined ? entry : { ...entry, parent },
      signal,
    );
    return this.byPriority ? { ...ticket, priority: ROLE_RANK[unit] } : ticket;
  }

  /** The server counted `prompt` tokens for the session's last request. */
  counted(session: string, prompt: number): void {
    if (prompt > 0) this.calibration.counted(session, prompt);
  }

  /** The session's turn is over: its place goes to whoever waits. */
  ended(session: string): void {
    this.queues.ended(session);
  }

  forget(session: string): void {
    this.queues.ended(session);
    this.calibration.forget(session);
  }

  status(): ReturnType<ServerQueues["status"]> {
    return this.queues.status();
  }

  close(): void {
    this.queues.close();
  }
}
