import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readFile, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as otherWork } from "node:timers/promises";
import { promisify } from "node:util";
import { hasCode } from "../../ports/thrown.ts";
import { Together } from "../together.ts";
import { type GitRunner, splitNul } from "./gitCommand.ts";
import { OWN_DIRECTORY } from "./trees.ts";

/** Read on the thread itself, which costs a tenth of a turn in the thread pool, up to this size in bytes. */
const SMALL = 64 * 1024;
/** Files after which everybody else gets a turn. */
const AT_ONCE = 64;
/** How long git may say nothing (ms): a pipe in the place of a .gitignore makes it wait for ever. A listing takes far less. */
const LISTING_MS = 60_000;

const readLarge = promisify(readFile);

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
  const { stdout } = await git(["ls-files", "-z", "--full-name", ...which, "--", ...pathspecs], {
    silentMs: LISTING_MS,
  });
  return [...new Set(splitNul(stdout))];
}

/** Undefined where the file is gone: a deleted one and one that never was are the same. */
async function contents(file: string): Promise<{ kind: string; bytes: Buffer } | undefined> {
  try {
    const opened = openAsItIs(file);
    if (opened === "link") return { kind: opened, bytes: Buffer.from(readlinkSync(file)) };
    if (opened === "other") return { kind: opened, bytes: Buffer.alloc(0) };
    try {
      const info = fstatSync(opened);
      const bytes = info.size <= SMALL ? readFileSync(opened) : await readLarge(opened);
      return { kind: (info.mode & 0o100) === 0 ? "file" : "program", bytes };
    } finally {
      closeSync(opened);
    }
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}

/**
 * A plain file's descriptor. What it is, is asked of what was opened, and opening never waits: a Worker's command in the
 * background may put a pipe in the place of a file, at which the host's one thread would stand still for ever.
 */
function openAsItIs(file: string): number | "link" | "other" {
  let opened: number;
  try {
    opened = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (hasCode(error, "ELOOP")) return "link";
    if (hasCode(error, "ENXIO")) return "other";
    throw error;
  }
  if (fstatSync(opened).isFile()) return opened;
  closeSync(opened);
  return "other";
}
