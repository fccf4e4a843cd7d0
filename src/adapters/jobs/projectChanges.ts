import type { JobChanges } from "../../core/jobs/record.ts";
import type { WatchChanges } from "../../ports/jobWork.ts";
import { createGitRunner } from "../git/gitCommand.ts";
import { createGit } from "../git/gitRepository.ts";

/** Paths kept of what a job changed. */
const MOST_PATHS = 50;

/** What changes in a git repository between two looks, told by its trees; undefined outside one. */
export const projectChanges: WatchChanges = async (project) => {
  const git = createGit(project);
  const root = await git.root();
  if (root === undefined) return undefined;
  const before = await git.snapshot();
  return async () => {
    const after = await git.snapshot();
    const flags = ["-r", "-z", "--numstat", "--no-renames"];
    const { stdout } = await createGitRunner(root)(["diff-tree", ...flags, before, after]);
    return { before, after, ...countLines(stdout) };
  };
};

/** @param numstat `git diff-tree -z --numstat` without renames: insertions, deletions (both `-` for a binary file), path */
function countLines(numstat: string): Omit<JobChanges, "before" | "after"> {
  const paths = numstat.split("\0").flatMap((entry) => {
    const [insertions, deletions, ...path] = entry.split("\t");
    if (insertions === undefined || deletions === undefined || path.length === 0) return [];
    const lines = (text: string) => (text === "-" ? null : Number(text));
    return [{ path: path.join("\t"), insertions: lines(insertions), deletions: lines(deletions) }];
  });
  const sum = (of: "insertions" | "deletions") => paths.reduce((all, path) => all + (path[of] ?? 0), 0);
  return {
    files: paths.length,
    insertions: sum("insertions"),
    deletions: sum("deletions"),
    paths: paths.slice(0, MOST_PATHS),
  };
}
