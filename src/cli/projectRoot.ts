/** The root of the git worktree `cwd` is in, or undefined outside one (or where git is not there). */
export async function findProjectRoot(cwd: string): Promise<string | undefined> {
  const { execa } = await import("execa");
  const result = await execa("git", ["rev-parse", "--show-toplevel"], { cwd, reject: false, timeout: 10_000 });
  const root = result.failed ? "" : result.stdout.trim();
  return root === "" ? undefined : root;
}
