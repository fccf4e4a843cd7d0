import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { hasCode } from "../../ports/thrown.ts";
import { identityOf, isAlive, type ProcessIdentity, processPlace } from "../processIdentity.ts";
import { namesIn } from "./jobFiles.ts";

/** Who has to tell of an end: a process, and where its pid says something. */
type Teller = ProcessIdentity & { place: string };

/** A process of another machine that has not told in this time never will (ms): telling takes four minutes at most. */
const TELLING_MS = 300_000;

/**
 * Ends of jobs that nobody has told of yet: an empty file each, named by the job and by the process that is to tell. It is
 * there before the end is, so that no end is without it, and is gone when everybody was told. One process takes over from
 * another that died by renaming it, which of several that try one succeeds in.
 */
export class UntoldEnds {
  private readonly dir: string;
  private readonly here = processPlace();
  private readonly now: () => number;

  constructor(dir: string, now: () => number) {
    this.dir = dir;
    this.now = now;
  }

  /** The end that is about to be written has to be told of. @param teller default: this process @throws where it cannot be written */
  owe(id: string, teller?: Teller): void {
    mkdirSync(this.dir, { recursive: true, mode: 0o700 });
    closeSync(openSync(join(this.dir, this.nameOf(id, teller ?? this.me())), "w", 0o600));
  }

  /** Ids of those whose teller is gone, now this process's to tell. @param isEnded whether there is an end; undefined: no such job */
  takeOver(isEnded: (id: string) => boolean | undefined): string[] {
    const mine: string[] = [];
    for (const name of namesIn(this.dir)) {
      const id = name.slice(0, name.indexOf("."));
      if (!this.isGone(name)) continue;
      const ended = isEnded(id);
      if (ended === undefined) rmSync(join(this.dir, name), { force: true });
      if (ended && this.rename(name, this.nameOf(id, this.me()))) mine.push(id);
    }
    return mine;
  }

  /** Everybody was told. */
  told(id: string): void {
    for (const name of namesIn(this.dir)) if (name.startsWith(`${id}.`)) rmSync(join(this.dir, name), { force: true });
  }

  private me(): Teller {
    return { ...identityOf(process.pid), place: this.here };
  }

  private nameOf(id: string, { pid, started, place }: Teller): string {
    return `${id}.${pid}.${started}.${shortOf(place)}`;
  }

  private isGone(name: string): boolean {
    const [, pid, started = "", place] = name.split(".");
    if (place === shortOf(this.here)) return !isAlive({ pid: Number(pid), started });
    const since = statSync(join(this.dir, name), { throwIfNoEntry: false })?.mtimeMs;
    return since !== undefined && this.now() - since > TELLING_MS;
  }

  private rename(from: string, to: string): boolean {
    try {
      renameSync(join(this.dir, from), join(this.dir, to));
      const time = new Date(this.now());
      utimesSync(join(this.dir, to), time, time);
      return true;
    } catch (error) {
      // Another was faster.
      if (hasCode(error, "ENOENT")) return false;
      throw error;
    }
  }
}

/** A place has characters that no file name should have. */
function shortOf(place: string): string {
  return createHash("sha256").update(place).digest("hex").slice(0, 16);
}
