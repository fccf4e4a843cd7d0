import { type FSWatcher, watch } from "node:fs";
import type { ViewReader } from "./viewReader.ts";

/** Changes that come together are one (ms). */
const TOGETHER_MS = 50;
/** Times go on without any file's doing, and a watch may have been lost (ms). */
const BEAT_MS = 1_000;

/**
 * Calls `changed` soon after a file of the view changed, and every second. Directories that are not there yet are watched
 * once they are; where the system gives no watch the beat alone goes on. Ends with the signal.
 */
export function watchView(reader: Pick<ViewReader, "dirs">, signal: AbortSignal, changed: () => void): void {
  const watches = new Map<string, FSWatcher>();
  let soon: NodeJS.Timeout | undefined;
  const tell = () => {
    clearTimeout(soon);
    soon = undefined;
    if (!signal.aborted) changed();
  };
  const notice = () => {
    soon ??= setTimeout(tell, TOGETHER_MS);
  };
  const drop = (dir: string) => {
    watches.get(dir)?.close();
    watches.delete(dir);
  };
  const look = () => {
    const wanted = new Set(reader.dirs);
    for (const dir of watches.keys()) if (!wanted.has(dir)) drop(dir);
    for (const dir of wanted) {
      if (watches.has(dir)) continue;
      const made = watchOf(dir, notice);
      if (!made) continue;
      watches.set(dir, made);
      made.on("error", () => drop(dir));
    }
  };
  const beat = setInterval(() => {
    look();
    tell();
  }, BEAT_MS);
  look();
  signal.addEventListener("abort", () => {
    clearInterval(beat);
    clearTimeout(soon);
    for (const dir of [...watches.keys()]) drop(dir);
  });
}

function watchOf(dir: string, notice: () => void): FSWatcher | undefined {
  try {
    return watch(dir, { persistent: false }, notice);
  } catch {
    // Not there yet, or no watch to be had: the beat looks again.
    return undefined;
  }
}
