import { join } from "node:path";
import { FileEventLogs } from "../../adapters/log/fileEventLogs.ts";
import { FileInbox } from "../../adapters/log/fileInbox.ts";
import { FileLease } from "../../adapters/log/fileLease.ts";
import type { SwarmEvent } from "../../core/workflow/events.ts";
import { fold } from "../../core/workflow/evolve.ts";
import type { Swarm } from "../../core/workflow/state.ts";
import { swarmWord } from "../../core/workflow/swarmWords.ts";
import { CorruptLogError } from "../../ports/eventLogs.ts";
import type { Inbox } from "../../ports/inbox.ts";
import type { Lease } from "../../ports/lease.ts";
import { CliFailure } from "../failure.ts";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { findProjectRoot } from "../projectRoot.ts";

/** What the project of the working directory keeps of its swarms. Looking at it changes nothing. */
export interface SwarmPlace {
  logs: FileEventLogs;
  lease: Lease;
  inbox: Inbox;
  /** The project's `.aegis`. */
  stateDir: string;
}

/** Throws CliFailure outside a git repository: a swarm lives at the root of one. */
export async function swarmPlace(io: Io): Promise<SwarmPlace> {
  const root = await findProjectRoot(io.cwd);
  if (root === undefined) {
    throw new CliFailure(say(io.lang, "swarm.noGit", { dir: io.cwd }), { next: say(io.lang, "swarm.noGit.next") });
  }
  const stateDir = join(root, ".aegis");
  return {
    logs: new FileEventLogs(stateDir),
    lease: new FileLease(stateDir),
    inbox: new FileInbox(stateDir),
    stateDir,
  };
}

/** The newest swarm's events and their fold, or undefined where there was never one. */
export async function newestSwarm(
  place: Pick<SwarmPlace, "logs">,
): Promise<{ events: readonly SwarmEvent[]; swarm: Swarm } | undefined> {
  const id = (await place.logs.list()).at(-1);
  if (id === undefined) return undefined;
  try {
    const events = await place.logs.read(id);
    const swarm = fold(events);
    return swarm && { events, swarm };
  } catch (error) {
    // Its message names the file, the line and the mend.
    if (error instanceof CorruptLogError) throw new CliFailure(error.message);
    throw error;
  }
}

/** The newest swarm where it is open; throws CliFailure, saying what there is instead. */
export async function openSwarm(io: Io, place: SwarmPlace): Promise<Swarm> {
  const swarm = (await newestSwarm(place))?.swarm;
  if (swarm && swarm.phase !== "done" && swarm.phase !== "aborted") return swarm;
  const message = swarm
    ? say(io.lang, "swarm.over", { id: swarm.id, phase: swarmWord(io.lang, `phase.${swarm.phase}`) })
    : say(io.lang, "swarm.none");
  throw new CliFailure(message, { next: say(io.lang, "swarm.none.next") });
}
