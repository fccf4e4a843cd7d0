import { closeSync, type FSWatcher, fstatSync, mkdirSync, openSync, readSync, watch } from "node:fs";
import { basename, dirname } from "node:path";
import { hasCode } from "../../ports/thrown.ts";

/**
 * Lines that come to a file from now on, as they come; the system says when (inotify, FSEvents), nothing is looked at in
 * between. The file need not be there yet, and may be emptied or replaced: its lines count from the beginning then.
 *
 * @throws Error where the system gives no watch
 */
export function newLines(file: string, signal: AbortSignal): AsyncIterable<string> {
  const dir = dirname(file);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const tail = new Tail(file);
  let wake: () => void = () => undefined;
  let changes = 0;
  let failed: unknown;
  const change = () => {
    changes += 1;
    wake();
  };
  // At once, not with the first line that is asked for: what comes in between counts.
  const watcher: FSWatcher = watch(dir, (_, name) => {
    if (name === null || name === basename(file)) change();
  });
  watcher.on("error", (error) => {
    failed = error;
    change();
  });
  return {
    async *[Symbol.asyncIterator]() {
      signal.addEventListener("abort", change);
      try {
        while (!signal.aborted) {
          const seen = changes;
          yield* tail.read();
          if (failed !== undefined) throw failed;
          if (signal.aborted || changes !== seen) continue;
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      } finally {
        signal.removeEventListener("abort", change);
        watcher.close();
      }
    },
  };
}

/** What is new at the end of a file, whole lines only. */
class Tail {
  private readonly file: string;
  private at = 0;
  private inode = 0;
  private rest = "";

  constructor(file: string) {
    this.file = file;
    const now = this.open();
    if (now === undefined) return;
    this.at = now.size;
    this.inode = now.inode;
    closeSync(now.descriptor);
  }

  read(): string[] {
    const now = this.open();
    if (now === undefined) {
      this.inode = 0;
      return [];
    }
    try {
      if (now.inode !== this.inode || now.size < this.at) {
        this.at = 0;
        this.rest = "";
      }
      this.inode = now.inode;
      const bytes = Buffer.alloc(Math.max(0, now.size - this.at));
      const read = readSync(now.descriptor, bytes, 0, bytes.length, this.at);
      this.at += read;
      const lines = (this.rest + bytes.toString("utf8", 0, read)).split("\n");
      this.rest = lines.pop() ?? "";
      return lines;
    } finally {
      closeSync(now.descriptor);
    }
  }

  private open(): { descriptor: number; size: number; inode: number } | undefined {
    try {
      const descriptor = openSync(this.file, "r");
      const { size, ino } = fstatSync(descriptor);
      return { descriptor, size, inode: ino };
    } catch (error) {
      if (hasCode(error, "ENOENT")) return undefined;
      throw error;
    }
  }
}
