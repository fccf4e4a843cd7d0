/** The host ended this instance of the project; another one, in this process or not, goes on. */
export class InstanceEndedError extends Error {
  override readonly name = "InstanceEndedError";

  constructor() {
    super("OpenCode has ended this instance of the project");
  }
}

export interface LeaseHolder {
  pid: number;
  /** Start time of the process as the system counts it, so that a reused pid is not taken for the holder. */
  started: string;
  since: string;
}

/** One process at a time drives the swarm of a project; a second is a viewer. */
export interface Lease {
  /** `taken` tells that it was not ours before. Takes the lease if it is free, ours already, or its holder is dead. Otherwise tells who holds it. */
  acquire(): Promise<{ held: true; taken: boolean } | { held: false; by: LeaseHolder }>;
  release(): Promise<void>;
  /** Releases it for good: from here on `acquire` throws InstanceEndedError. */
  retire(): Promise<void>;
  /** Who holds it, if anybody alive does. Takes nothing. */
  holder(): Promise<(LeaseHolder & { own: boolean }) | undefined>;
}
