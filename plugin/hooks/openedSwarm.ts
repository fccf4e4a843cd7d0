import type { SwarmServices } from "../../src/runtime/services.ts";

/**
 * The project's swarm, read from its log when the process starts. A log that could not be read is read again whenever it is
 * needed: the person mends it and goes on, without another start.
 */
export class OpenedSwarm {
  private reading: Promise<void> | undefined;
  private readonly services: Pick<SwarmServices, "swarm" | "log">;
  private readonly carryOn: () => Promise<void>;

  /** @param carryOn takes up what a process before this one left; its end is not waited for. */
  constructor(services: Pick<SwarmServices, "swarm" | "log">, carryOn: () => Promise<void>) {
    this.services = services;
    this.carryOn = carryOn;
  }

  /** @throws CorruptLogError, or what the file system says. */
  ready(): Promise<void> {
    this.reading ??= this.read();
    return this.reading;
  }

  private async read(): Promise<void> {
    const { swarm, log } = this.services;
    try {
      await swarm.load();
    } catch (error) {
      this.reading = undefined;
      log("the swarm's log cannot be read", error);
      throw error;
    }
    // Not awaited: the host answers calls of ours only after its own start, which may wait for this one.
    this.carryOn().catch((error: unknown) => log("taking up the swarm failed", error));
  }
}
