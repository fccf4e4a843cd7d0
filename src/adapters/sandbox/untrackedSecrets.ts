import { lstat, realpath } from "node:fs/promises";
import path from "node:path";

/**
 * Which of the secret files found in a project git could not bring back: those it does not track, a link's target in the link's
 * place, because nothing can be mounted on a link. Outside a repository, and where git does not answer, all of them.
 *
 * @param names project-relative
 * @returns project-relative paths of files inside the project
 */
export async function untrackedSecrets(projectDir: string, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return [];
  const { execa } = await import("execa");
  const asked = await execa("git", ["ls-files", "-z", "--", ...names.map((name) => `:(literal)${name}`)], {
    cwd: projectDir,
    reject: false,
    timeout: 10_000,
  });
  const tracked = new Set(asked.exitCode === 0 ? asked.stdout.split("\0") : []);
  const found = new Set<string>();
  for (const name of names.filter((each) => !tracked.has(each))) {
    const info = await lstat(path.join(projectDir, name)).catch(() => undefined);
    const target = info?.isSymbolicLink() ? await realpath(path.join(projectDir, name)).catch(() => undefined) : name;
    if (info === undefined || target === undefined) continue;
    const inside = path.relative(projectDir, path.resolve(projectDir, target));
    if (inside !== "" && !inside.startsWith("..")) found.add(inside);
  }
  return [...found];
}
