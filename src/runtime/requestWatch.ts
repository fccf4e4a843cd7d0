import { runawayNote } from "../core/runawayNote.ts";
import { doing } from "../core/workflow/doing.ts";
import { workerOfSession } from "../core/workflow/state.ts";
import { submit } from "./commands.ts";
import type { GateEvent } from "./modelGate/gateEvents.ts";
import type { SwarmServices } from "./services.ts";

/** A model request that was given up, as the gate typed it. */
export interface GivenUp {
  failure: string;
  retryable: boolean;
  detail: string;
}

/** What a model is told whose answer a limit cut. The server's word for it is `length`. */
const AT_LIMIT = "outputLimit";

/** Turns what the model gate sees of the swarm's requests into commands, and keeps why a session's last one was given up. */
export class RequestWatch {
  private readonly services: SwarmServices;
  private readonly failures = new Map<string, GivenUp>();
  /** What was seen last of a session and is on its way into the log. */
  private readonly unsettled = new Map<string, Promise<void>>();

  constructor(services: SwarmServices) {
    this.services = services;
  }

  /** Never throws and never waits: the gate calls it in the middle of a request. */
  see(event: GateEvent): void {
    if (event.type === "failed") {
      const { failure, retryable, detail } = event;
      this.failures.set(event.session, { failure, retryable, detail });
    }
    const { session } = event;
    const handled = this.handle(event)
      .catch((error: unknown) => this.services.log(`model request of ${session}`, error))
      .finally(() => {
        if (this.unsettled.get(session) === handled) this.unsettled.delete(session);
      });
    this.unsettled.set(session, handled);
  }

  /** Resolves when what was seen of the session so far is in the log; undefined where it is already. */
  settling(session: string): Promise<void> | undefined {
    return this.unsettled.get(session);
  }

  /** Why the session's last request was given up; told once. */
  takeFailure(session: string): GivenUp | undefined {
    const failure = this.failures.get(session);
    this.failures.delete(session);
    return failure;
  }

  /** What the session's model has to be told within its turn; it counts as told. */
  async toTell(session: string): Promise<string | undefined> {
    await this.settling(session);
    const { state } = this.services.swarm;
    const untold = state?.session === session ? state.commanderTrouble?.untold : undefined;
    if (untold !== undefined) {
      await submit(this.services, { type: "commander_told", session });
      return `Note: ${runawayNote(untold)}`;
    }
    const worker = state && workerOfSession(state, session);
    if (worker?.untold === undefined) return undefined;
    await submit(this.services, { type: "worker_told", worker: worker.assignment.id, session });
    return `Note: ${runawayNote(worker.untold)}`;
  }

  private async handle(event: GateEvent): Promise<void> {
    const { swarm, live } = this.services;
    const cut = cutOf(event);
    if (swarm.state?.session === event.session) {
      const { session } = event;
      if (cut !== undefined) await submit(this.services, { type: "commander_ran_away", session, kind: cut });
      return;
    }
    const worker = swarm.state && workerOfSession(swarm.state, event.session);
    if (!worker) return;
    const { id } = worker.assignment;
    const about = { worker: id, session: event.session };
    const is = (text: string) => live.set(id, { ...live.get(id), doing: text });
    switch (event.type) {
      case "silent":
        if (event.verdict === "stalled") {
          await submit(this.services, { type: "worker_stalled", ...about, waitedMs: event.waitedMs });
        } else is(event.verdict === "queued" ? doing.waitsForGpu() : doing.waitsForServer());
        return;
      case "retry":
        is(doing.waitsForServer(event.failure));
        return;
      case "begun":
        is(doing.thinking);
        await submit(this.services, { type: "worker_moving", ...about });
        return;
      case "runaway":
      case "limited":
        // At once, so that it is known when the turn ends. What ran away is no use to the next session.
        if (cut !== undefined)
          await submit(this.services, { type: "worker_ran_away", ...about, kind: cut, lastWords: "" });
        return;
      default:
        return;
    }
  }
}

/**
 * How an answer was cut, if it was: in the gate's word for a runaway, or by the output limit. A request that offered no
 * tools made a title or a summary; nobody is told about those.
 */
function cutOf(event: GateEvent): string | undefined {
  if ((event.type !== "runaway" && event.type !== "limited") || event.tools === 0) return undefined;
  return event.type === "runaway" ? event.kind : AT_LIMIT;
}
