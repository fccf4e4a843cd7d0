import { createGitRunner, GitError, splitNul } from "../git/gitCommand.ts";
import { Together } from "../together.ts";

/** A git that hangs must not hold a shell call up for ever (ms). */
const LIMIT_MS = 10_000;

/** Which directories git ignores. Those that ask while git answers somebody else are answered together. */
export class IgnoredDirs {
  private readonly projects = new Map<string, Together<readonly string[], ReadonlySet<string>>>();

  /** The names, among those in `projectDir`, that git ignores as directories; none outside a repository. */
  async among(projectDir: string, names: readonly string[]): Promise<ReadonlySet<string>> {
    if (names.length === 0) return new Set();
    const known = this.projects.get(projectDir);
    const project = known ?? new Together((asked) => ask(projectDir, [...new Set(asked.flat())]));
    this.projects.set(projectDir, project);
    return project.ask(names);
  }
}

async function ask(projectDir: string, names: readonly string[]): Promise<ReadonlySet<string>> {
  try {
    const stdin = names.map((name) => `${name}/`).join("\0");
    const { stdout } = await createGitRunner(projectDir)(["check-ignore", "-z", "--stdin"], {
      stdin,
      accept: [1],
      silentMs: LIMIT_MS,
    });
    return new Set(splitNul(stdout).map((name) => name.replace(/\/$/, "")));
  } catch (error) {
    if (error instanceof GitError && error.exitCode === 128) return new Set();
    throw error;
  }
}
