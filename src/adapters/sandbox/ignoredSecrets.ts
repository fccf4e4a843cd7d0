import { lstat, realpath } from "node:fs/promises";
import path from "node:path";

/**
 * Which of the secret files found in a project git could not bring back: those it ignores, a link's target in the link's
 * place, because nothing can be mounted on a link. Outside a repository, and where git does not answer, all of them.
 *
 * @param names project-relative
 * @returns project-relative paths of files inside the project
 */
export async function ignoredSecrets(projectDir: string, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return [];
  const { execa } = await import("execa");
  const asked = await execa("git", ["check-ignore", "-z", "--stdin"], {
    cwd: projectDir,
    input: names.map((name) => `${name}\0`).join(""),
    reject: false,
    timeout: 10_000,
  });
  const answered = asked.exitCode === 0 || asked.exitCode === 1;
  const ignored = answered ? asked.stdout.split("\0").filter((name) => name !== "") : names;
  const found = new Set<string>();
  for (const name of ignored) {
    const info = await lstat(path.join(projectDir, name)).catch(() => undefined);
    const target = info?.isSymbolicLink() ? await realpath(path.join(projectDir, name)).catch(() => undefined) : name;
    if (info === undefined || target === undefined) continue;
    const inside = path.relative(projectDir, path.resolve(projectDir, target));
    if (inside !== "" && !inside.startsWith("..")) found.add(inside);
  }
  return [...found];
}
