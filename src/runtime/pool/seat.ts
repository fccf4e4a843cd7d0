import type { PoolServer } from "../../ports/poolServers.ts";

/** A server of the pool, and what the pool knows of it. */
export class Seat {
  readonly server: PoolServer;
  /** Requests it has. */
  busyCount = 0;
  /** Prompts it answered. */
  answers = 0;
  /** No new requests: it is being stopped, or was seen ill. */
  closing = false;
  /** The look under way: one that hangs is asked once, not again and again. */
  private look: Promise<boolean> | undefined;

  constructor(server: PoolServer) {
    this.server = server;
  }

  /** Whether it answers a look, or answered a prompt meanwhile. Who asks during a look gets what that one comes to. */
  well(): Promise<boolean> {
    const { answers } = this;
    this.look ??= this.server
      .healthy()
      .then((well) => well || this.answers > answers)
      .finally(() => {
        this.look = undefined;
      });
    return this.look;
  }
}
