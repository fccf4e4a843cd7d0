import { isOver } from "../core/workflow/state.ts";
import type { Inbox, InboxMessage } from "../ports/inbox.ts";
import { submit } from "./commands.ts";
import type { SwarmServices } from "./services.ts";

/** Carries out what a person at the command line asks, in the one process that holds the project's lease. */
export class InboxReader {
  private stop: (() => void) | undefined;
  private listening = false;
  private closed = false;
  private readonly inbox: Inbox;
  private readonly services: Pick<SwarmServices, "swarm" | "lease" | "log" | "now">;
  private readonly resume: () => Promise<void>;

  /** @param resume lets a stopped swarm go on. */
  constructor(
    inbox: Inbox,
    services: Pick<SwarmServices, "swarm" | "lease" | "log" | "now">,
    resume: () => Promise<void>,
  ) {
    this.inbox = inbox;
    this.services = services;
    this.resume = resume;
  }

  /** Listens from the first open swarm on: where there never is one, nothing is made and nothing is watched. */
  start(): void {
    const listenOnce = () => {
      if (this.listening || !this.services.swarm.open) return;
      this.listening = true;
      this.inbox
        .receive(
          (message) => this.carryOut(message),
          (problem, error) => this.services.log(problem, error),
        )
        .then((stop) => {
          this.stop = stop;
          if (this.closed) stop();
        })
        .catch((error: unknown) => this.services.log("the inbox cannot be read", error));
    };
    this.services.swarm.watch(listenOnce);
    listenOnce();
  }

  close(): void {
    this.closed = true;
    this.stop?.();
  }

  private async carryOut(message: InboxMessage): Promise<"done" | "not-mine"> {
    const { swarm, lease, log } = this.services;
    if (!(await lease.holder())?.own) return "not-mine";
    const { state } = swarm;
    if (!state || state.id !== message.swarm || isOver(state)) {
      log(`inbox: "${message.type}" was meant for swarm ${message.swarm}, which is not open here; dropped`);
      return "done";
    }
    if (message.type === "abort") {
      const decision = await submit(this.services, {
        type: "abort_swarm",
        by: "command-line",
        reason: message.reason,
      });
      if (!decision.ok) log(`inbox: abort refused: ${decision.refusal.happened}`);
    } else await this.resume();
    return "done";
  }
}
