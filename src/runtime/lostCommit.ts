import { evidenceCovers, type Swarm } from "../core/workflow/state.ts";
import type { Candidate } from "./candidate.ts";
import { submit } from "./commands.ts";
import type { SwarmServices } from "./services.ts";

/**
 * Ends a commit that a crash left half done, and records one that it kept out of the log: nothing is left to commit, and HEAD, moved since the swarm began,
 * holds exactly a tree on which QA passed.
 *
 * @param held what a commit of all the swarm's changes would hold now
 * @param message stands in the record for the commit's own, which only git knows
 * @returns the commit's id; undefined where HEAD is no such commit or the swarm does not record it
 */
export async function recordLostCommit(
  services: SwarmServices,
  swarm: Swarm,
  held: Candidate,
  message: string,
): Promise<string | undefined> {
  const { git } = services;
  await git.endInterruptedCommit();
  if (held.paths.length > 0 || held.head === "" || held.head === swarm.head) return undefined;
  const tree = await git.treeOf(held.head);
  if (!evidenceCovers(swarm, tree)) return undefined;
  const changed = await git.changed(await git.treeOf(swarm.head), tree);
  const paths = changed.map((change) => change.path);
  const landed = await submit(services, { type: "commit_landed", commit: held.head, tree, message, paths });
  return landed.ok ? held.head : undefined;
}
