import type { Unmerged } from "../core/workflow/model.ts";
import type { Swarm, Worker } from "../core/workflow/state.ts";
import type { Git } from "../ports/git.ts";
import type { Obstacle } from "../ports/worktrees.ts";

/** What a merge of the Workers' work into the project's files did. */
export interface Integration {
  /** Holds the project's files and every merged Worker's commits. */
  integrated: string;
  /** Ids of the Workers whose work is in the project's files now. */
  merged: string[];
  unmerged: Unmerged[];
  /** Both versions of what conflicts, with git's marks, by path. */
  marked: Map<string, string>;
}

/** The Workers' own trees of one project: made when an attempt starts, saved when it ends, merged, put away. */
export interface OwnTrees {
  /** Why `count` more Workers cannot have trees of their own; undefined where they can. */
  obstacle(state: Swarm, count: number): Promise<Obstacle | undefined>;
  /** The repository as the Worker sees it: its own tree, or the project's. */
  gitOf(worker: Worker): Git;
  /** Names the present contents of the Worker's scope, where it works. @throws GitError */
  fingerprint(worker: Worker): Promise<string>;
  /** Absolute path of the Worker's own tree; undefined where it works in the project's. */
  dirOf(worker: Worker): string | undefined;
  /** What of the project a Worker's shell sees although no commit holds it. */
  shown(): Promise<readonly { path: string; isDirectory: boolean }[]>;
  /**
   * Makes a Worker's tree for its next attempt: the project as it is, the saved work of all Workers that ended, and its own.
   * A conflict in files of its scope comes with both versions in them, for it to resolve.
   * @throws GitError
   */
  open(state: Swarm, worker: Worker): Promise<void>;
  /** Brings back the tree of a Worker that goes on after a restart. False where it and its branch are gone. */
  ensure(worker: Worker): Promise<boolean>;
  /** Whether the Worker's work is in the project's files: it works there, or it was merged into them. */
  inProject(worker: Worker): Promise<boolean>;
  /** Commits what a Worker wrote in its scope on its branch. */
  save(id: string): Promise<void>;
  /** Files a Worker's attempt had to resolve that still hold git's conflict marks. */
  stillMarked(worker: Worker): Promise<string[]>;
  /**
   * Merges every ended Worker's saved work into the project's files, in the order of dispatch; commits nothing on the
   * person's branch. Work that conflicts stays out as a whole.
   * @throws GitError, and Error where the project's files kept changing
   */
  integrate(): Promise<Integration | undefined>;
  /** Puts the trees of an ended swarm away: nothing is removed that a commit does not hold. */
  closeAll(): Promise<void>;
}
