import type { SwarmEvent } from "../events.ts";
import type { Refusal } from "../refusal.ts";

/** What a command leads to: events to append, or a refusal that changes nothing. */
export type Decision = { ok: true; events: readonly SwarmEvent[] } | { ok: false; refusal: Refusal };

export function accept(...events: readonly SwarmEvent[]): Decision {
  return { ok: true, events };
}

/** A gate that cannot say why it refuses still refuses. */
export function refuse(refused: Refusal | undefined): Decision {
  return {
    ok: false,
    refusal: refused ?? {
      code: "gate-failed",
      happened: "a gate could not judge this call, so it refuses.",
      next: "call worker_status and tell the person what it shows.",
    },
  };
}
