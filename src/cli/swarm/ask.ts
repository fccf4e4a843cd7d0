import { setTimeout as sleep } from "node:timers/promises";
import type { SwarmEvent } from "../../core/workflow/events.ts";
import type { InboxMessage } from "../../ports/inbox.ts";
import type { LeaseHolder } from "../../ports/lease.ts";
import { CliFailure } from "../failure.ts";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { newestSwarm, type SwarmPlace } from "./place.ts";

/** Milliseconds between two looks at the log. */
const LOOK_MS = 100;
/** A process that is alive reads its inbox within milliseconds; one that is stopped or hung never does. */
const PATIENCE_MS = 10_000;

/**
 * Leaves `message` for the process that drives the swarm and waits until its log shows an event of `type`. Where none
 * comes in time the message is taken back, so that nothing happens later that nobody expects any more: CliFailure.
 */
export async function askHolder(
  io: Io,
  place: SwarmPlace,
  ask: { holder: LeaseHolder; message: InboxMessage; type: SwarmEvent["type"]; patienceMs?: number },
): Promise<void> {
  const seen = (await newestSwarm(place))?.events.length ?? 0;
  const name = await place.inbox.send(ask.message);
  const until = Date.now() + (ask.patienceMs ?? PATIENCE_MS);
  const answered = async () =>
    ((await newestSwarm(place))?.events ?? []).slice(seen).some((event) => event.type === ask.type);
  try {
    while (Date.now() < until) {
      if (await answered()) return;
      await sleep(LOOK_MS, undefined, { signal: io.signal });
    }
  } catch (error) {
    await place.inbox.withdraw(name);
    throw error;
  }
  if (!(await place.inbox.withdraw(name)) && (await answered())) return;
  throw new CliFailure(say(io.lang, "swarm.silent", { pid: ask.holder.pid }), {
    next: say(io.lang, "swarm.silent.next", { pid: ask.holder.pid }),
  });
}
