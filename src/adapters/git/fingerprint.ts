import { createHash } from "node:crypto";
import { lstatSync, readFileSync, readlinkSync, type Stats } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as otherWork } from "node:timers/promises";
import { hasCode } from "../../ports/thrown.ts";
import { Together } from "../together.ts";
import { type GitRunner, splitNul } from "./gitCommand.ts";
import { OWN_DIRECTORY } from "./trees.ts";

/** Read on the thread itself, which costs a tenth of a turn in the thread pool, up to this size in bytes. */
const SMALL = 64 * 1024;
/** Files after which everybody else gets a turn. */
const AT_ONCE = 64;

/**
 * Hashes files as they are now. Git is asked once, which files there are; writing a tree for the same answer takes eight
 * git processes, and eight Workers ask twice for every command they run. Those that ask while git answers somebody else are
 * answered together.
 */
export class Fingerprints {
  private readonly root: string;
  private readonly listed: Together<readonly string[], readonly string[]>;

  /** @param root absolute path of the worktree root */
  constructor(git: GitRunner, root: string) {
    this.root = root;
    this.listed = new Together((asked) => namesBelow(git, asked.flat()));
  }

  /** @param under directories or files, "" for all; @param inside which of the paths there count */
  async of(under: readonly string[], inside: (path: string) => boolean): Promise<string> {
    const isUnder = (path: string) =>
      under.some((each) => each === "" || path === each || path.startsWith(each.endsWith("/") ? each : `${each}/`));
    const names = (await this.listed.ask(under)).filter((name) => {
      const path = name.normalize("NFC");
      return path !== OWN_DIRECTORY && !path.startsWith(`${OWN_DIRECTORY}/`) && isUnder(path) && inside(path);
    });
    const hash = createHash("sha256");
    for (const [index, name] of names.toSorted().entries()) {
      if (index % AT_ONCE === AT_ONCE - 1) await otherWork();
      const found = await contents(join(this.root, name));
      // Lengths first: no two lists of names and contents may run together to the same bytes.
      if (found)
        hash.update(`${Buffer.byteLength(name)} ${name} ${found.kind} ${found.bytes.length}\n`).update(found.bytes);
    }
    return hash.digest("hex");
  }
}

/** Tracked files and those that git would take in, each once: one in conflict is listed for each side. */
async function namesBelow(git: GitRunner, under: readonly string[]): Promise<string[]> {
  const pathspecs = under.includes("") ? [":(top)"] : [...new Set(under)].map((path) => `:(top,literal)${path}`);
  const which = ["--cached", "--others", "--exclude-standard"];
  const { stdout } = await git(["ls-files", "-z", "--full-name", ...which, "--", ...pathspecs]);
  return [...new Set(splitNul(stdout))];
}

/** Undefined where the file is gone: a deleted one and one that never was are the same. */
async function contents(file: string): Promise<{ kind: string; bytes: Buffer } | undefined> {
  try {
    const info = lstatSync(file, { throwIfNoEntry: false });
    return info && { kind: kindOf(info), bytes: await bytesOf(file, info) };
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}

function kindOf(info: Stats): string {
  if (info.isSymbolicLink()) return "link";
  if (!info.isFile()) return "other";
  return (info.mode & 0o100) === 0 ? "file" : "program";
}

async function bytesOf(file: string, info: Stats): Promise<Buffer> {
  if (info.isSymbolicLink()) return Buffer.from(readlinkSync(file));
  if (!info.isFile()) return Buffer.alloc(0);
  return info.size <= SMALL ? readFileSync(file) : readFile(file);
}
