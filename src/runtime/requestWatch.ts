import { runawayNote } from "../core/runawayNote.ts";
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

/** Turns what the model gate sees of Workers' requests into commands, and keeps why a session's last one was given up. */
export class RequestWatch {
  private readonly services: SwarmServices;
  private readonly failures = new Map<string, GivenUp>();

  constructor(services: SwarmServices) {
    this.services = services;
  }

  /** Never throws and never waits: the gate calls it in the middle of a request. */
  see(event: GateEvent): void {
    if (event.type === "failed") {
      const { failure, retryable, detail } = event;
      this.failures.set(event.session, { failure, retryable, detail });
    }
    this.handle(event).catch((error: unknown) => this.services.log(`model request of ${event.session}`, error));
  }

  /** Why the session's last request was given up; told once. */
  takeFailure(session: string): GivenUp | undefined {
    const failure = this.failures.get(session);
    this.failures.delete(session);
    return failure;
  }

  /** What the session's Worker has to be told within its turn; it counts as told. */
  async toTell(session: string): Promise<string | undefined> {
    const { state } = this.services.swarm;
    const worker = state && workerOfSession(state, session);
    if (worker?.untold === undefined) return undefined;
    await submit(this.services, { type: "worker_told", worker: worker.assignment.id, session });
    return `Note: ${runawayNote(worker.untold)}`;
  }

  private async handle(event: GateEvent): Promise<void> {
    const { swarm, live } = this.services;
    const worker = swarm.state && workerOfSession(swarm.state, event.session);
    if (!worker) return;
    const { id } = worker.assignment;
    const about = { worker: id, session: event.session };
    const doing = (text: string) => live.set(id, { ...live.get(id), doing: text });
    switch (event.type) {
      case "silent":
        if (event.verdict === "stalled") {
          await submit(this.services, { type: "worker_stalled", ...about, waitedMs: event.waitedMs });
        } else doing(event.verdict === "queued" ? "waiting for the GPU" : "waiting for the model server");
        return;
      case "retry":
        doing(`waiting for the model server (${event.failure})`);
        return;
      case "begun":
        doing("thinking");
        await submit(this.services, { type: "worker_moving", ...about });
        return;
      case "runaway":
        // At once, so that it is known when the turn ends. What ran away is no use to the next session.
        await submit(this.services, { type: "worker_ran_away", ...about, kind: event.kind, lastWords: "" });
        return;
      default:
        return;
    }
  }
}
