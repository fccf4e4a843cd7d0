import { attribute } from "../core/workflow/attribution.ts";
import type { Swarm, Worker } from "../core/workflow/state.ts";
import { privateId } from "./privateId.ts";
import type { SwarmServices } from "./services.ts";

/** Longest wait for a cancelled Worker's turn to end (ms), and how often it is looked at: what still runs would write again. */
const END_LIMIT_MS = 10_000;
const LOOK_MS = 100;

type Needs = Pick<SwarmServices, "git" | "trees" | "turns" | "sandbox" | "now" | "sleep">;

/**
 * Files of the project that a Worker wrote last and that are not as the baseline has them. Never the person's: what was
 * changed in the Worker's scope without it, or before the swarm began, is theirs. Empty where its work lies in a tree of its
 * own and was never merged.
 */
export async function writtenBy({ git, trees }: Needs, state: Swarm, worker: Worker): Promise<string[]> {
  if (!state.baseline || !(await trees.inProject(worker))) return [];
  const changes = await git.changed(state.baseline.tree, await git.snapshot());
  return attribute(state, changes)
    .filter(({ path, by, problem }) => by === worker.assignment.id && !problem && worker.wrote.includes(path))
    .map(({ path }) => path)
    .filter((path) => !state.dirty.includes(path));
}

/** Puts files back as the baseline has them, once the Worker's commands and its turn have ended. */
export async function revert(services: Needs, state: Swarm, worker: Worker, paths: readonly string[]): Promise<void> {
  const { git, turns, sandbox, now, sleep } = services;
  const session = "session" in worker ? worker.session : undefined;
  const commands = privateId(state.id, worker.assignment.id);
  await sandbox.end(commands);
  const end = now() + END_LIMIT_MS;
  while (session !== undefined && turns.isBusy(session) && now() < end) await sleep(LOOK_MS);
  // The turn may have begun one more before it heard of its end.
  await sandbox.end(commands);
  if (state.baseline) await git.restore(state.baseline.tree, paths);
}
