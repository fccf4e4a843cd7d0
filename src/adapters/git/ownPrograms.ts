import { stat } from "node:fs/promises";
import { relative, resolve, sep } from "node:path";
import { GitError, type GitRunner, splitNul } from "./gitCommand.ts";

/** Settings that make git run a program while it takes files in, puts them out or merges them. */
const PROGRAMS = "^(filter\\..*\\.(clean|smudge|process)|merge\\..*\\.driver)$";

/**
 * Refuses to go on where git itself would run, outside the sandbox, a program that a role may have written: a filter or merge
 * driver of the person's that lies in the project and is not as it was committed, or one that a file of the project sets
 * (`include.path = ../.gitconfig`) which is not as it was committed.
 *
 * @param git a runner in the worktree root
 * @param root absolute path of the worktree root
 * @throws GitError that names the program
 */
export async function refuseOwnPrograms(git: GitRunner, root: string): Promise<void> {
  const asked = await git(["config", "--show-origin", "-z", "--get-regexp", PROGRAMS], { accept: [1] });
  const fields = splitNul(asked.stdout);
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const origin = (fields[at] ?? "").replace(/^file:/u, "");
    const [name = "", command = ""] = (fields[at + 1] ?? "").split(/\n(.*)/su);
    for (const word of [origin, ...command.split(/[\s'";|&()<>=]+/u)]) {
      const file = await within(root, word);
      if (file !== undefined && (await changed(git, file))) throw refusal(name, file);
    }
  }
}

/** The file of the project, outside git's own directory, that a word names. */
async function within(root: string, word: string): Promise<string | undefined> {
  if (word === "") return undefined;
  const inside = relative(root, resolve(root, word));
  if (inside === "" || inside.startsWith("..") || inside.split(sep)[0] === ".git") return undefined;
  // `clean` of `git-lfs clean` is no directory of that name.
  const info = await stat(resolve(root, inside)).catch(() => undefined);
  return info?.isFile() ? inside : undefined;
}

/** Whether a file is not as HEAD has it; one that git does not know is nobody's word but the last writer's. */
async function changed(git: GitRunner, file: string): Promise<boolean> {
  const known = await git(["ls-files", "--error-unmatch", "--", `:(top,literal)${file}`], { accept: [1, 128] });
  if (known.exitCode !== 0) return true;
  const same = await git(["diff", "--quiet", "--no-ext-diff", "HEAD", "--", `:(top,literal)${file}`], {
    accept: [1, 128],
  });
  return same.exitCode !== 0;
}

function refusal(name: string, file: string): GitError {
  return new GitError(
    `git's setting ${name} runs a program by ${file}, which lies in the project and is not as it was committed: git would run it outside the sandbox.`,
    "",
    `The person looks at ${file} and commits it, or takes ${name} out of git's configuration; until then nothing is recorded.`,
  );
}
