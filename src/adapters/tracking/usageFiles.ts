import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { usageBookSchema } from "../../core/tracking/usageBook.ts";
import { hasCode } from "../../ports/thrown.ts";

/** What older files came to, and the names of those that are in it: a crash may have left them there. */
export const usageSnapshotSchema = z.object({
  version: z.literal(1),
  folded: z.array(z.string()),
  book: usageBookSchema,
});

const CLOSED = /^usage\.(\d+)-[0-9a-f]+\.jsonl$/;

/** The files of the usage log under the user's state directory. */
export class UsageFiles {
  readonly dir: string;
  readonly current: string;
  readonly snapshot: string;
  readonly lock: string;

  /** @param stateHome the product's state directory; need not exist. */
  constructor(stateHome: string) {
    this.dir = join(stateHome, "usage");
    this.current = join(this.dir, "usage.jsonl");
    this.snapshot = join(this.dir, "snapshot.json");
    this.lock = join(this.dir, "fold.lock");
  }

  make(): void {
    mkdirSync(this.dir, { recursive: true, mode: 0o700 });
  }

  /** Files nobody appends to any more, oldest first, and since when (ms since the epoch). */
  closed(): { name: string; path: string; since: number }[] {
    let names: string[];
    try {
      names = readdirSync(this.dir);
    } catch (error) {
      if (hasCode(error, "ENOENT")) return [];
      throw error;
    }
    return names
      .flatMap((name) => {
        const since = CLOSED.exec(name)?.[1];
        return since === undefined ? [] : [{ name, path: join(this.dir, name), since: Number(since) }];
      })
      .sort((a, b) => a.since - b.since);
  }
}
