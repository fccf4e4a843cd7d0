import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";

/** Says on stderr how far a piece of work is and how long it will still take. */
export interface Progress {
  /** `done` of all are done. */
  step(done: number): void;
  end(): void;
}

/** Work shorter than this needs no word. Milliseconds. */
const SHOWN_AFTER = 2_000;
/** A log file is not filled faster than this. Milliseconds. */
const LINE_EVERY = 10_000;

export function progressOn(io: Io, what: string, all: number): Progress {
  const began = Date.now();
  let shown = 0;
  let wrote = false;
  return {
    step(done) {
      const now = Date.now();
      if (now - began < SHOWN_AFTER) return;
      if (!io.colour && now - shown < LINE_EVERY) return;
      shown = now;
      wrote = true;
      const seconds = Math.max(1, Math.round(((now - began) / done) * Math.max(0, all - done)) / 1000);
      const line = say(io.lang, "tune.progress", {
        what,
        done,
        all: Math.max(all, done),
        seconds: Math.round(seconds),
      });
      io.stderr.write(io.colour ? `\r\u001b[K${line}` : `${line}\n`);
    },
    end() {
      if (wrote && io.colour) io.stderr.write("\r\u001b[K");
    },
  };
}
