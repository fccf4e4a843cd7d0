import { committable } from "../core/workflow/attribution.ts";
import type { Swarm } from "../core/workflow/state.ts";
import type { ChangedPath, Git } from "../ports/git.ts";

/** What a commit would hold now. */
export interface Candidate {
  /** Present tracked and unignored files. */
  present: string;
  /** HEAD plus the swarm's own changes: the tree that is tested and committed. Equal to `present` unless the person has changes of their own. */
  tree: string;
  head: string;
  paths: string[];
  /** Changes that stay behind: the person's, or not asked for. */
  left: ChangedPath[];
}

/** @param only literal paths or directories the commit is limited to; all of the swarm's changes without it. */
export async function candidate(swarm: Swarm, git: Git, only?: readonly string[]): Promise<Candidate> {
  const head = await git.head();
  const base = await git.treeOf(head);
  const present = await git.snapshot();
  const changes = await git.changed(base, present);
  const own = new Set(committable(swarm, changes));
  const wanted = only?.map((path) => path.replace(/^\.\//u, "").replace(/\/+$/u, ""));
  const asked = (path: string) => !wanted || wanted.some((each) => path === each || path.startsWith(`${each}/`));
  const paths = changes.map((change) => change.path).filter((path) => own.has(path) && asked(path));
  const left = changes.filter((change) => !paths.includes(change.path));
  const tree = left.length === 0 ? present : await git.composeTree(base, present, paths);
  return { present, tree, head, paths, left };
}
