import { watch } from "node:fs";
import { hasCode } from "../../ports/thrown.ts";

/** Resolves when something in one of `dirs` changes after the call, after `mostMs` without, and when `signal` aborts. */
export function directoryChange(dirs: readonly string[], mostMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const watchers: { close(): void }[] = [];
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      for (const watcher of watchers) watcher.close();
      resolve();
    };
    const timer = setTimeout(end, mostMs);
    signal.addEventListener("abort", end);
    if (signal.aborted) return end();
    for (const dir of dirs) {
      try {
        watchers.push(watch(dir, end).on("error", end));
      } catch (error) {
        // No watches left, or no such directory: the timer looks.
        if (!hasCode(error, "ENOSPC", "EMFILE", "ENOENT")) throw error;
      }
    }
  });
}
