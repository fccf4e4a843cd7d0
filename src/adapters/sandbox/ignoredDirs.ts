/** Which directories git ignores. Calls that begin while git still answers the same question share its answer. */
export class IgnoredDirs {
  private readonly asking = new Map<string, Promise<ReadonlySet<string>>>();

  /** The names, of those in `projectDir`, that git ignores as directories; none outside a repository. */
  among(projectDir: string, names: readonly string[]): Promise<ReadonlySet<string>> {
    const key = [projectDir, ...names].join("\0");
    const known = this.asking.get(key);
    if (known) return known;
    const answer = ask(projectDir, names).finally(() => this.asking.delete(key));
    this.asking.set(key, answer);
    return answer;
  }
}

async function ask(projectDir: string, names: readonly string[]): Promise<ReadonlySet<string>> {
  if (names.length === 0) return new Set();
  const { execa } = await import("execa");
  const result = await execa("git", ["check-ignore", "-z", "--stdin"], {
    cwd: projectDir,
    input: names.map((name) => `${name}/`).join("\0"),
    reject: false,
    timeout: 10_000,
  });
  return new Set(result.stdout.split("\0").map((name) => name.replace(/\/$/, "")));
}
