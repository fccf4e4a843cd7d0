/** Subcommands that always change history, refs, the index or the repository's configuration. */
const ALWAYS = new Set(
  `add am checkout-index citool cherry-pick commit commit-tree fast-import fetch filter-branch filter-repo gc gui
  merge mktag mktree mv pack-refs prune prune-packed pull push quiltimport read-tree rebase receive-pack repack reset
  revert rm send-pack sparse-checkout stage svn switch unpack-objects update-index update-ref update-server-info
  write-tree`.split(/\s+/),
);

/** A verb one hardly writes by chance: enough to flag it behind a command word that cannot be resolved. */
export const DISTINCTIVE_VERBS: ReadonlySet<string> = new Set([
  "commit",
  "push",
  "rebase",
  "cherry-pick",
  "commit-tree",
  "update-ref",
  "filter-branch",
  "stash",
]);

/** Subcommands of a subcommand that only read; everything else of that verb writes. "" is the bare verb. */
const READING: Readonly<Record<string, readonly string[]>> = {
  stash: ["list", "show"],
  notes: ["", "list", "show"],
  bisect: ["log", "view", "visualize", "help"],
  reflog: ["", "show", "list", "exists"],
  remote: ["", "show", "get-url"],
  worktree: ["list"],
  submodule: ["", "status", "summary", "foreach"],
  bundle: ["create", "verify", "list-heads"],
  "commit-graph": ["verify"],
  "multi-pack-index": ["verify"],
  maintenance: [],
  replace: [],
};

/**
 * Says whether `git <verb> <args>` writes history, refs, the index, the stash or the configuration.
 * Files of the working tree alone (`git restore x`, `git apply`, `git checkout -- x`) do not count: the sandbox judges those.
 */
export function isGitWrite(verb: string, args: readonly string[]): boolean {
  if (args[0] === "--help" || args[0] === "-h") return false;
  if (ALWAYS.has(verb)) return true;
  const has = (...names: string[]) =>
    args.some((arg) => names.some((name) => arg === name || arg.startsWith(`${name}=`)));
  const positional = args.filter((arg) => !arg.startsWith("-"));
  const reading = READING[verb];
  if (reading) {
    if (verb === "replace" && (has("-l", "--list") || args.length === 0)) return false;
    const sub = args.find((arg) => !arg.startsWith("-")) ?? "";
    // `git stash -m x` has no subcommand and yet writes; `git remote -v` has none and reads.
    return !reading.includes(sub);
  }
  switch (verb) {
    case "tag":
      return (
        positional.length > 0 &&
        !has("-l", "--list", "-v", "--verify", "--contains", "--no-contains", "--points-at", "--merged", "--no-merged")
      );
    case "branch":
      return branchWrites(args, positional);
    case "checkout":
      return (
        has("-b", "-B", "--orphan", "--detach", "-t", "--track") || (!args.includes("--") && positional.length > 0)
      );
    case "restore":
      return has("--staged") || args.some((arg) => /^-[A-Za-z]*S/.test(arg));
    case "config":
      return configWrites(args, positional);
    case "symbolic-ref":
      return positional.length > 1 || has("-d", "--delete");
    case "hash-object":
      return args.some((arg) => /^-[a-z]*w/.test(arg));
    case "apply":
      return has("--index", "--cached", "--3way", "-3");
    case "index-pack":
      return has("--stdin");
    default:
      return false;
  }
}

function branchWrites(args: readonly string[], positional: readonly string[]): boolean {
  const writes = [
    "--delete",
    "--move",
    "--copy",
    "--force",
    "--set-upstream-to",
    "--unset-upstream",
    "--edit-description",
  ];
  if (args.some((arg) => /^-[dDmMcCfu]/.test(arg) || writes.some((name) => arg.startsWith(name)))) return true;
  const lists =
    /^(-l|--list|-a|--all|-r|--remotes|--contains|--no-contains|--merged|--no-merged|--points-at|--show-current|--sort|--format)/;
  return positional.length > 0 && !args.some((arg) => lists.test(arg));
}

function configWrites(args: readonly string[], positional: readonly string[]): boolean {
  const writes = ["--add", "--unset", "--replace-all", "--rename-section", "--remove-section", "--edit", "-e"];
  if (args.some((arg) => writes.some((name) => arg === name || arg.startsWith(`${name}-`)))) return true;
  if (args.some((arg) => /^(--get|--list|-l$)/.test(arg))) return false;
  const first = positional[0] ?? "";
  if (["get", "list"].includes(first)) return false;
  if (["set", "unset", "edit", "rename-section", "remove-section"].includes(first)) return true;
  const valued = /^(-f|--file|--blob|--type|--default)$/;
  const values = args.filter((arg, i) => !arg.startsWith("-") && !valued.test(args[i - 1] ?? ""));
  return values.length > 1;
}

/** Global options of git that take the next word as their value. */
export const GIT_VALUE_OPTIONS: ReadonlySet<string> = new Set([
  "-C",
  "-c",
  "--git-dir",
  "--work-tree",
  "--namespace",
  "--exec-path",
  "--super-prefix",
  "--config-env",
  "--attr-source",
]);

/** `gh` calls that change something at the forge. */
export function isForgeWrite(args: readonly string[]): boolean {
  const [group, action = ""] = args.filter((arg) => !arg.startsWith("-"));
  if (group === "api") return args.some((arg) => /^(-X|--method|-f|-F|--field|--raw-field|--input)/.test(arg));
  if (!["pr", "release", "repo", "issue", "workflow", "secret", "gist"].includes(group ?? "")) return false;
  return !["", "view", "list", "status", "diff", "checks"].includes(action);
}
