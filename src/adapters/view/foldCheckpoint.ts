import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { PhaseSince } from "../../core/view/timeline.ts";
import type { SwarmState } from "../../core/workflow/state.ts";
import { hasCode } from "../../ports/thrown.ts";
import { replaceFile } from "../context/sessionFiles.ts";
import type { LinePosition } from "./lineTail.ts";
import { readJson } from "./readJson.ts";

/** Bytes before the place that must still be what they were: a log that was mended or replaced shows there. */
const WITNESS = 4096;

const checkpointSchema = z.object({
  version: z.literal(1),
  /** The program that folded: another one may fold otherwise. */
  program: z.string(),
  offset: z.number().int().min(0),
  inode: z.number(),
  events: z.number().int().min(1),
  /** Of the log's bytes before the place. */
  witness: z.string(),
  /** Of `folded`, which is only believed as it was written. */
  digest: z.string(),
  folded: z.string(),
});

/** What a log came to up to a place in it. */
export interface FoldedSoFar {
  position: LinePosition;
  events: number;
  state: SwarmState;
  phases: readonly PhaseSince[];
}

/**
 * Remembers what a long log of a swarm came to, so that a short-lived program need not fold it from its beginning. It lies
 * in the user's state directory, is believed only by the same program about the same bytes, and may be deleted at any time.
 */
export class FoldCheckpoint {
  private readonly file: string;
  private readonly dir: string;
  private readonly log: string;

  /** @param dir where checkpoints lie; @param log absolute path of the log */
  constructor(dir: string, log: string) {
    this.dir = dir;
    this.log = log;
    this.file = join(dir, `${digestOf(log).slice(0, 32)}.json`);
  }

  /** Undefined where there is none that can be believed. */
  read(): FoldedSoFar | undefined {
    let kept: z.infer<typeof checkpointSchema> | undefined;
    try {
      kept = readJson(this.file, checkpointSchema);
    } catch {
      // Damaged or of another version: the log has it all.
      return undefined;
    }
    if (!kept || kept.program !== program() || digestOf(kept.folded) !== kept.digest) return undefined;
    const { offset, inode, events } = kept;
    const known = statSync(this.log, { throwIfNoEntry: false });
    if (known?.ino !== inode || known.size < offset || this.witness(offset) !== kept.witness) return undefined;
    const { state, phases } = JSON.parse(kept.folded) as Pick<FoldedSoFar, "state" | "phases">;
    return { position: { offset, inode }, events, state, phases };
  }

  /** Keeps it where that can be written: without it the next look only takes longer. */
  write({ position, events, state, phases }: FoldedSoFar): void {
    if (position.inode === undefined) return;
    const text = JSON.stringify({ state, phases });
    const { offset, inode } = position;
    const parts = { version: 1, program: program(), offset, inode, events };
    try {
      const witness = this.witness(offset);
      mkdirSync(this.dir, { recursive: true, mode: 0o700 });
      replaceFile(this.file, JSON.stringify({ ...parts, witness, digest: digestOf(text), folded: text }));
    } catch (error) {
      if (!hasCode(error, "EACCES", "EROFS", "ENOSPC", "EPERM", "ENOTDIR", "EDQUOT", "ENOENT", "EEXIST")) throw error;
    }
  }

  private witness(offset: number): string {
    const handle = openSync(this.log, "r");
    try {
      const bytes = Buffer.alloc(Math.min(WITNESS, offset));
      const read = readSync(handle, bytes, 0, bytes.length, offset - bytes.length);
      return digestOf(bytes.subarray(0, read));
    } finally {
      closeSync(handle);
    }
  }
}

function digestOf(text: string | Uint8Array): string {
  return createHash("sha256").update(text).digest("hex");
}

/** The file that this code is in, by what changes with every build. */
function program(): string {
  const { size, mtimeMs } = statSync(fileURLToPath(import.meta.url));
  return `${size}-${mtimeMs}`;
}
