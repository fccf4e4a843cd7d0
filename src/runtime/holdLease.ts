import type { Refusal } from "../core/workflow/refusal.ts";
import { refusal } from "../core/workflow/refusal.ts";
import { CorruptLogError, LogGoneError } from "../ports/eventLogs.ts";
import type { LeaseHolder } from "../ports/lease.ts";
import { InstanceEndedError } from "../ports/lease.ts";
import { messageOf } from "../ports/thrown.ts";
import type { SwarmServices } from "./services.ts";

/**
 * Takes the project's lease before anything is changed. Where it was another process's until now, that process may have
 * moved the swarm on: the log is folded anew.
 */
export async function holdLease(
  services: Pick<SwarmServices, "lease" | "swarm">,
): Promise<{ held: true } | { held: false; by: LeaseHolder }> {
  const held = await services.lease.acquire();
  if (!held.held || !held.taken) return held;
  try {
    await services.swarm.load();
  } catch (error) {
    // Kept, it would count as ours the next time, and what the log says would never be looked at.
    await services.lease.release();
    throw error;
  }
  return held;
}

/** Takes the lease; the refusal where another process has it, or where `.aegis` cannot be read or written. Never throws. */
export async function needLease(services: Pick<SwarmServices, "lease" | "swarm">): Promise<Refusal | undefined> {
  let lease: Awaited<ReturnType<typeof holdLease>>;
  try {
    lease = await holdLease(services);
  } catch (error) {
    return stateUnusable(error);
  }
  if (lease.held) return undefined;
  return refusal(
    "held-elsewhere",
    `another OpenCode process (pid ${lease.by.pid}) drives the swarm of this project; this one only shows it.`,
    "go on in that process, or close it and try again here.",
  );
}

/** The swarm's state on disk cannot be read or written. */
export function stateUnusable(error: unknown): Refusal {
  if (error instanceof InstanceEndedError)
    return refusal("instance-ended", `${error.message}; nothing was changed.`, "try again: the next instance goes on.");
  const next =
    error instanceof CorruptLogError || error instanceof LogGoneError
      ? "the person mends it as it says, then tries again; nothing was changed."
      : "the person frees disk space or makes .aegis writable, then tries again; nothing was changed.";
  return refusal("state-unusable", `the swarm's state in .aegis cannot be used: ${messageOf(error)}`, next);
}
