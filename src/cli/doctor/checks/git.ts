import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { type Check, fail, ok, skip, warn } from "../check.ts";

const git = (cwd: string, args: readonly string[]) =>
  execa("git", args, { cwd, reject: false, timeout: 20_000, stdin: "ignore" });

export const checkGit: Check = {
  name: "git",
  group: "project",
  run: async ({ io, say, facts }) => {
    const version = await git(io.cwd, ["--version"]);
    if (version.code === "ENOENT") return fail(say("doctor.seen.git.missing"), say("doctor.mend.git.missing"));
    const root = await facts.projectDir();
    if (root !== undefined) return ok(`${root} (${version.stdout.trim()})`);
    const asked = await git(io.cwd, ["rev-parse", "--show-toplevel"]);
    // Another user's checkout: git refuses to look at it and says so.
    if (asked.stderr.includes("dubious ownership"))
      return fail(say("doctor.seen.git.owner", { dir: io.cwd }), say("doctor.mend.git.owner", { dir: io.cwd }));
    return fail(say("doctor.seen.git.none", { dir: io.cwd }), say("doctor.mend.git.none"));
  },
};

/** What git leaves in its directory while something is half done, and how it is ended. */
const halfDone = [
  ["MERGE_HEAD", "git merge --continue", "git merge --abort"],
  ["rebase-merge", "git rebase --continue", "git rebase --abort"],
  ["rebase-apply", "git rebase --continue", "git rebase --abort"],
  ["CHERRY_PICK_HEAD", "git cherry-pick --continue", "git cherry-pick --abort"],
  ["REVERT_HEAD", "git revert --continue", "git revert --abort"],
] as const;

/** Milliseconds after which a lock is one that nobody holds: git holds its index for moments. */
const staleLockMs = 60_000;

/** Whether a swarm's commit would go through here: nothing half done, no lock left behind. */
export const checkGitState: Check = {
  name: "git-state",
  group: "project",
  needs: ["git"],
  run: async ({ say, facts }) => {
    const root = await facts.projectDir();
    if (root === undefined) return skip(say("doctor.seen.noProject"));
    const asked = await git(root, ["rev-parse", "--git-dir"]);
    if (asked.failed) return fail(asked.stderr.split("\n")[0] ?? "", say("doctor.mend.git.none"));
    const dir = resolve(root, asked.stdout.trim());
    const half = halfDone.find(([name]) => existsSync(join(dir, name)));
    if (half)
      return fail(
        say("doctor.seen.gitState.half", { what: half[0] }),
        say("doctor.mend.gitState.half", { go: half[1], stop: half[2] }),
      );
    const lock = join(dir, "index.lock");
    const age = existsSync(lock) ? Date.now() - statSync(lock).mtimeMs : undefined;
    if (age !== undefined && age > staleLockMs)
      return fail(say("doctor.seen.gitState.lock", { file: lock }), say("doctor.mend.gitState.lock", { file: lock }));
    const tracked = await git(root, ["ls-files", "--", ".aegis"]);
    if (tracked.stdout.trim() !== "")
      return warn(say("doctor.seen.gitState.tracked"), say("doctor.mend.gitState.tracked"));
    const head = await git(root, ["rev-parse", "--verify", "-q", "HEAD"]);
    if (head.failed) return ok(say("doctor.seen.gitState.unborn"));
    const dirty = (await git(root, ["status", "--porcelain"])).stdout.split("\n").filter(Boolean).length;
    return ok(say("doctor.seen.gitState", { count: dirty }));
  },
};
