import { randomBytes } from "node:crypto";
import { appendFileSync, closeSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UsageBook } from "../../core/tracking/usageBook.ts";
import type { UsageRow } from "../../core/tracking/usageRow.ts";
import { hasCode } from "../../ports/thrown.ts";
import { readJson } from "../view/readJson.ts";
import { UsageFiles, usageSnapshotSchema } from "./usageFiles.ts";
import { rowsIn } from "./usageReader.ts";

/** Bytes at which a file is closed: some 250 requests. Whoever looks reads two such files and the snapshot, row by row. */
const MOST_BYTES = 32 * 1024;
/** A writer that had a file open when it was closed has long written its line by then (ms). */
const REST_MS = 60_000;

/**
 * The requests of all of a user's projects: an append-only file, and a snapshot of what became of older ones. Any number of
 * processes may write: a line is one append, a full file is closed by renaming it, and one of them at a time folds closed
 * files into the snapshot.
 */
export class UsageLog {
  private readonly files: UsageFiles;
  private readonly limits: { bytes: number; restMs: number };

  /** @param stateHome the product's state directory; made on the first line. */
  constructor(stateHome: string, limits: { bytes?: number; restMs?: number } = {}) {
    this.files = new UsageFiles(stateHome);
    this.limits = { bytes: limits.bytes ?? MOST_BYTES, restMs: limits.restMs ?? REST_MS };
  }

  /** Appends a line for each, in one write. @throws where they cannot be written. */
  append(...rows: readonly UsageRow[]): void {
    const last = rows.at(-1);
    if (!last) return;
    this.files.make();
    // The newline before it ends a line that a crash has torn, which would else take this one along.
    const lines = rows.map((row) => `${JSON.stringify(row)}\n`).join("");
    appendFileSync(this.files.current, `\n${lines}`, { mode: 0o600 });
    if ((statSync(this.files.current, { throwIfNoEntry: false })?.size ?? 0) <= this.limits.bytes) return;
    this.close(last.at);
    this.fold(last.at);
  }

  private close(now: number): void {
    const name = `usage.${now}-${randomBytes(4).toString("hex")}.jsonl`;
    try {
      renameSync(this.files.current, join(this.files.dir, name));
    } catch (error) {
      // Another process was faster.
      if (!hasCode(error, "ENOENT")) throw error;
    }
  }

  /** Folds closed files into the snapshot, where nobody else does so now. */
  private fold(now: number): void {
    const due = this.files.closed().filter(({ since }) => now - since >= this.limits.restMs);
    if (due.length === 0 || !this.take(now)) return;
    try {
      const { folded = [], book: data } = readJson(this.files.snapshot, usageSnapshotSchema) ?? {};
      const book = new UsageBook(data);
      const fresh = due.filter(({ name }) => !folded.includes(name));
      for (const { path } of fresh) for (const row of rowsIn(path)) book.record(row);
      if (fresh.length > 0) this.write({ version: 1, folded: due.map(({ name }) => name), book });
      for (const { path } of due) rmSync(path, { force: true });
    } finally {
      rmSync(this.files.lock, { force: true });
    }
  }

  private write(snapshot: object): void {
    const draft = `${this.files.snapshot}.${randomBytes(6).toString("hex")}`;
    const handle = openSync(draft, "wx", 0o600);
    try {
      writeFileSync(handle, `${JSON.stringify(snapshot)}\n`);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(draft, this.files.snapshot);
  }

  /** One process at a time folds; the lock of one that died in the middle is taken away. */
  private take(now: number): boolean {
    try {
      closeSync(openSync(this.files.lock, "wx", 0o600));
      return true;
    } catch (error) {
      if (!hasCode(error, "EEXIST")) throw error;
      const age = now - (statSync(this.files.lock, { throwIfNoEntry: false })?.mtimeMs ?? now);
      if (age > REST_MS) rmSync(this.files.lock, { force: true });
      return false;
    }
  }
}
