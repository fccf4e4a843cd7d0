import { execa } from "execa";

/** More than this nobody looks through in a browser. */
const MOST = 5_000;

/**
 * The project's files as git sees them: tracked ones and new ones that are not ignored. None where git cannot say.
 *
 * @param root the project's root
 */
export async function projectFiles(root: string): Promise<string[]> {
  const { failed, stdout } = await execa("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    ...{ cwd: root, reject: false, timeout: 10_000, stripFinalNewline: false, maxBuffer: 64 * 1024 * 1024 },
    env: { GIT_OPTIONAL_LOCKS: "0" },
  });
  if (failed) return [];
  return stdout
    .split("\0")
    .filter((path) => path !== "" && !path.startsWith(".aegis/"))
    .slice(0, MOST);
}
