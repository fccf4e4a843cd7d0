/** One path that differs between two trees. Paths are relative to the repository root, `/`-separated, NFC. */
export interface ChangedPath {
  path: string;
  kind: "added" | "modified" | "deleted";
}

export interface CommitRequest {
  message: string;
  /** The exact tree to commit (an object id written by `snapshot` or `composeTree`). */
  tree: string;
  /** Expected HEAD commit ("" for an unborn branch); the update fails if HEAD moved. */
  expectedHead: string;
}

/** A hook of the project's own that git would run for a commit. */
export interface ProjectHook {
  name: "pre-commit" | "commit-msg";
  /** Absolute path of an executable file. */
  file: string;
}

/** The project's repository. Never touches the person's index or working files except where a method says so.
 * Runs no hook: they belong into the sandbox (see `hooks`). Paths in `.aegis` are in no tree and in no list of changes. */
export interface Git {
  /** Absolute path of the worktree root, or undefined outside a repository. */
  root(): Promise<string | undefined>;
  /** HEAD's commit id, "" while the branch is unborn. */
  head(): Promise<string>;
  /** Writes the present tracked plus unignored files (never `.aegis`, no untracked repository inside the project, nothing that
   * is `keptBack`) as a tree object; the tree hash evidence is bound to. */
  snapshot(): Promise<string>;
  /** Untracked files that no tree holds although git does not ignore them now: ones named like secrets (`.env`), and ones that
   * HEAD's ignore rules leave out. */
  keptBack(): Promise<string[]>;
  /** Tree of a commit; "" gives the empty tree. */
  treeOf(commit: string): Promise<string>;
  /** Makes a commit object of `tree` on top of HEAD and points `ref` at it. Branch, index and files stay as they are. */
  recordRef(ref: string, tree: string, message: string): Promise<string>;
  /** Differences between two trees, renames split into deleted + added. */
  changed(fromTree: string, toTree: string): Promise<ChangedPath[]>;
  /** Unified diff between two trees limited to `paths` (literal files), cut at a line end within `maxBytes`. */
  diff(fromTree: string, toTree: string, paths: readonly string[], maxBytes: number): Promise<string>;
  /** `base` with each of `paths` taken from `from` (deleted there = deleted). Literal file paths as `changed` gives them. */
  composeTree(base: string, from: string, paths: readonly string[]): Promise<string>;
  /** Names the present contents (bytes, kind, executable bit) of the tracked and unignored files at or below `under` (literal
   * paths, "" for everything) for whose path `inside` holds. Two equal names mean equal files; nothing is written, and no
   * file is judged by its time stamps. */
  fingerprint(under: readonly string[], inside: (path: string) => boolean): Promise<string>;
  /** Those of `paths` that the repository tracks. */
  tracked(paths: readonly string[]): Promise<string[]>;
  /** Every file of a tree. */
  paths(tree: string): Promise<string[]>;
  /** Text of those of `paths` that the tree has; files over 1 MB are left out. */
  readText(tree: string, paths: readonly string[]): Promise<Map<string, string>>;
  /** Puts `paths` of the working tree back as `tree` has them; a path that is not in `tree` is removed. The index stays. */
  restore(tree: string, paths: readonly string[]): Promise<void>;
  /** Checks `tree` out into a fresh temporary directory, calls `use`, removes it again whatever happens. The directory is a
   * small repository of its own (HEAD = the project's HEAD, index = `tree`, objects borrowed), so that tools that ask git work
   * there and what they write reaches nobody; `git` is bound to it. Ignored dependency directories are linked in. */
  withCheckout<T>(tree: string, use: (dir: string, git: Git) => Promise<T>): Promise<T>;
  /** Commits `tree` on the checked-out branch with the person's identity (or aegis <aegis@localhost>), then refreshes the
   * index for the committed paths only, so that the person's own staged and dirty files stay as they were.
   * Fails if HEAD moved or a merge, rebase or cherry-pick is under way. */
  commit(request: CommitRequest): Promise<{ commit: string }>;
  /** Ends a `commit` that a dead process left half done: the index follows a branch that has moved, or the lock goes. Only for
   * the one process that may commit. */
  endInterruptedCommit(): Promise<void>;
  /** The project's own commit hooks, in the order git runs them. */
  hooks(): Promise<ProjectHook[]>;
  /** Writes `message` to a file as git does for `commit-msg`, calls `use` with its path, and gives back what it holds then. */
  withMessageFile<T>(message: string, use: (file: string) => Promise<T>): Promise<{ value: T; message: string }>;
  /** Directories git would run hooks from, and the common .git directory: absolute paths. */
  protectedDirs(): Promise<string[]>;
}
