import { mkdir, statfs } from "node:fs/promises";
import type { Obstacle } from "../../ports/worktrees.ts";
import type { GitRunner } from "./gitCommand.ts";
import { splitNul } from "./gitCommand.ts";
import { readText, treePaths } from "./trees.ts";

/** The first git that merges without a working tree (`merge-tree --write-tree`), see its release notes of 2022. */
const LEAST_GIT = [2, 38];
/** Left free on the disk beside the trees (bytes): builds and test runs need room too. */
const SPARE_BYTES = 256 * 1024 * 1024;
/** A file takes whole blocks of the disk. */
const BLOCK_BYTES = 4096;
const SHARED =
  'set swarm.isolation to "shared" in aegis.jsonc for the next swarm; Workers then share the project\'s files.';

/** What keeps `tree` from being checked out `count` times below `root`; undefined where nothing does. */
export async function worktreeObstacle(
  git: GitRunner,
  root: string,
  tree: string,
  count: number,
): Promise<Obstacle | undefined> {
  const version = (await git(["version"])).stdout.trim();
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/u.exec(version) ?? []).slice(1).map(Number);
  const [leastMajor = 0, leastMinor = 0] = LEAST_GIT;
  if (major < leastMajor || (major === leastMajor && minor < leastMinor)) {
    return {
      happened: `worktrees need git ${LEAST_GIT.join(".")} or later, and this is ${version}.`,
      next: `update git, or ${SHARED}`,
    };
  }
  if (/[\r\n]/u.test(root)) {
    return {
      happened: "the project's path has a line break in it, which git's worktrees cannot hold.",
      next: `rename the directory, or ${SHARED}`,
    };
  }
  const { stdout: sparse } = await git(["config", "--type=bool", "--get", "core.sparseCheckout"], { accept: [1] });
  if (sparse.trim() === "true") {
    return {
      happened: "this repository is a sparse checkout: a worktree of it would hold other files than the project.",
      next: `run \`git sparse-checkout disable\`, or ${SHARED}`,
    };
  }
  const { stdout: taken } = await git(["for-each-ref", "--format=%(refname)", "refs/heads/aegis"]);
  if (taken.split("\n").includes("refs/heads/aegis")) {
    return {
      happened: 'a branch is called "aegis", and git then allows no branch "aegis/…".',
      next: `rename it (\`git branch -m aegis other-name\`), or ${SHARED}`,
    };
  }
  return (await ofContents(git, tree)) ?? (await ofSpace(git, root, tree, count));
}

async function ofContents(git: GitRunner, tree: string): Promise<Obstacle | undefined> {
  const entries = splitNul((await git(["ls-tree", "-r", "-z", "--full-tree", tree])).stdout);
  const submodule = entries.find((line) => line.startsWith("160000 "));
  if (submodule !== undefined) {
    const path = submodule.slice(submodule.indexOf("\t") + 1);
    return { happened: `${path} is a submodule, and a worktree would hold it empty.`, next: SHARED };
  }
  const broken = entries.find((line) => line.includes("\uFFFD"));
  if (broken !== undefined) {
    const path = broken.slice(broken.indexOf("\t") + 1);
    return { happened: `the name of ${path} is not UTF-8.`, next: `rename the file, or ${SHARED}` };
  }
  const attributes = (await treePaths(git, tree)).filter((path) => path.split("/").at(-1) === ".gitattributes");
  for (const [path, text] of await readText(git, tree, attributes)) {
    const filter = /^[^#\n]*\sfilter=(\S+)/mu.exec(text)?.[1];
    if (filter === undefined) continue;
    return {
      happened: `${path} sends files through the filter "${filter}" (as git LFS does): every checkout would run it outside the sandbox.`,
      next: SHARED,
    };
  }
  return undefined;
}

async function ofSpace(git: GitRunner, root: string, tree: string, count: number): Promise<Obstacle | undefined> {
  const lines = splitNul((await git(["ls-tree", "-r", "-z", "-l", "--full-tree", tree])).stdout);
  const bytes = lines.reduce((sum, line) => {
    const size = Number(line.slice(0, line.indexOf("\t")).split(/ +/u)[3]);
    return sum + Math.ceil((Number.isFinite(size) ? size : 0) / BLOCK_BYTES) * BLOCK_BYTES;
  }, 0);
  await mkdir(root, { recursive: true });
  const { bavail, bsize } = await statfs(root);
  const [free, needed] = [bavail * bsize, bytes * count + SPARE_BYTES];
  if (free >= needed) return undefined;
  return {
    happened: `${count} worktree(s) of ${megabytes(bytes)} each need ${megabytes(needed)} with room to work, and the disk of ${root} has ${megabytes(free)} free.`,
    next: `free some space, dispatch fewer Workers at a time, or ${SHARED}`,
  };
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024 / 1024).toLocaleString("en")} MB`;
}
