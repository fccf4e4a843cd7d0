/** Why Workers cannot have trees of their own in this repository, and what to do about it. */
export interface Obstacle {
  happened: string;
  next: string;
}

export type Merge =
  | { clean: true; commit: string }
  /** `tree` holds both versions of each of `paths`, with git's conflict marks where the file is text. */
  | { clean: false; tree: string; paths: string[] };

/** Where one tree lies. */
export interface TreePlace {
  /** Absolute path of its root. */
  dir: string;
  /** Full name of its branch without `refs/heads/`. */
  branch: string;
}

/**
 * Git worktrees of one repository, and the merging of what is written in them. Runs no hook, and touches neither the
 * person's branch, index and files nor any other worktree, except where a method says so.
 */
export interface Worktrees {
  /** Whether `tree` can be checked out `count` times below `root` here; undefined where nothing stands in the way. */
  obstacle(root: string, tree: string, count: number): Promise<Obstacle | undefined>;
  /** A commit of `tree` with these parents; nothing points at it. */
  commit(tree: string, parents: readonly string[], message: string): Promise<string>;
  /** Points a ref at a commit. */
  record(ref: string, commit: string): Promise<void>;
  /** Whether `ancestor` is `commit` or one of its ancestors. */
  contains(commit: string, ancestor: string): Promise<boolean>;
  /** Merges two commits without a working tree. Renames are not followed: a change stays at the path it was made at. */
  merge(ours: string, theirs: string, message: string): Promise<Merge>;
  /** Text of those of `paths` in `tree` that hold conflict marks, by path. */
  marked(tree: string, paths: readonly string[]): Promise<Map<string, string>>;
  /** Makes the worktree and its branch at `start`, or sets a present one to it. What was not saved there is lost. */
  open(place: TreePlace, start: string): Promise<void>;
  /** Whether the directory is there and belongs to this repository. */
  isOpen(place: TreePlace): Promise<boolean>;
  /** Makes a worktree whose directory is gone again from its branch. False where the branch is gone too. */
  reopen(place: TreePlace): Promise<boolean>;
  /** Commits the tracked and unignored files for which `inside` holds on the branch; the branch's present commit where nothing changed. */
  save(place: TreePlace, inside: (path: string) => boolean, message: string): Promise<string>;
  /** Ignored files with content below the worktree for which `inside` holds: no commit keeps them. */
  ignored(place: TreePlace, inside: (path: string) => boolean): Promise<string[]>;
  /** Removes the directory, and the branch too where `branchToo`. */
  close(place: TreePlace, branchToo: boolean): Promise<void>;
  /** Ignored files and directories of the main tree, the topmost of each; never `.aegis`. */
  ignoredEntries(): Promise<{ path: string; isDirectory: boolean }[]>;
}
