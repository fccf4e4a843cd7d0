import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { isSecretFile } from "../../core/scope/secretFiles.ts";
import { createGitRunner, type GitRunner, splitNul } from "./gitCommand.ts";
import { withTemporaryIndex } from "./temporaryIndex.ts";

const IGNORE_FILE = ".gitignore";

/**
 * Untracked files that go into no tree of ours although git would take them: those named like a person's secrets, and those
 * that the committed `.gitignore` files hold back. A role may edit these files, or add one in a directory; what they kept
 * out of git would then stand in its objects, and in the commit.
 *
 * @param git a runner in the worktree root
 * @param untracked as `git ls-files --others --exclude-standard` names them; directories (ending in `/`) are left alone
 */
export async function keptBack(git: GitRunner, untracked: readonly string[]): Promise<string[]> {
  const files = untracked.filter((name) => !name.endsWith("/"));
  const secrets = files.filter(isSecretFile);
  const others = files.filter((name) => !isSecretFile(name));
  return [...secrets, ...(await ignoredBefore(git, others))];
}

/** Those that the ignore rules of HEAD leave out. Asked only where a rule changed: nearly always none did. */
async function ignoredBefore(git: GitRunner, files: readonly string[]): Promise<string[]> {
  if (files.length === 0 || !(await rulesChanged(git, files))) return [];
  const { stdout: head } = await git(["rev-parse", "--verify", "--quiet", "HEAD^{tree}"], { accept: [1] });
  if (head.trim() === "") return [];
  const rules = splitNul((await git(["ls-tree", "-r", "-z", "--full-tree", "--name-only", head.trim()])).stdout).filter(
    (name) => basename(name) === IGNORE_FILE,
  );
  if (rules.length === 0) return [];
  const gitDir = (await git(["rev-parse", "--absolute-git-dir"])).stdout.replace(/\n$/u, "");
  const place = await mkdtemp(join(tmpdir(), "aegis-ignore-"));
  try {
    await withTemporaryIndex(undefined, async (file) => {
      const env = { GIT_INDEX_FILE: file };
      await git(["read-tree", head.trim()], { env });
      await git(["checkout-index", "-z", "--stdin", `--prefix=${place}/`], { env, stdin: nul(rules) });
    });
    const env = { GIT_DIR: gitDir, GIT_WORK_TREE: place };
    const asked = await createGitRunner(place)(["check-ignore", "-z", "--stdin", "--no-index"], {
      env,
      stdin: nul(files),
      accept: [1],
    });
    return splitNul(asked.stdout);
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** Whether the ignore files of the working tree are not those of HEAD. */
async function rulesChanged(git: GitRunner, untracked: readonly string[]): Promise<boolean> {
  if (untracked.some((name) => basename(name) === IGNORE_FILE)) return true;
  const asked = await git(["diff", "--name-only", "--no-ext-diff", "HEAD", "--", `:(top,glob)**/${IGNORE_FILE}`], {
    // An unborn branch has no rules to go back to.
    accept: [128],
  });
  return asked.stdout.trim() !== "";
}

function nul(names: readonly string[]): string {
  return names.map((name) => `${name}\0`).join("");
}
