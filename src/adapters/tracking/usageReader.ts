import { readFileSync, statSync } from "node:fs";
import { UsageBook } from "../../core/tracking/usageBook.ts";
import { type UsageRow, usageRowSchema } from "../../core/tracking/usageRow.ts";
import { hasCode } from "../../ports/thrown.ts";
import { LineTail } from "../view/lineTail.ts";
import { parsed, readJson } from "../view/readJson.ts";
import { UsageFiles, usageSnapshotSchema } from "./usageFiles.ts";

/** Reads what the processes of a user have recorded, and goes on from there at the next look. */
export class UsageReader {
  private readonly files: UsageFiles;
  private book = new UsageBook();
  private tail: LineTail;
  /** What the book was made of, apart from the current file. */
  private base = "";

  constructor(stateHome: string) {
    this.files = new UsageFiles(stateHome);
    this.tail = new LineTail(this.files.current);
  }

  /** @throws Error where the snapshot is there and is not ours. */
  read(): UsageBook {
    const base = this.baseNow();
    if (base !== this.base) this.begin(base);
    const next = this.tail.next();
    if (next.anew) {
      // Closed in this moment: its lines are counted with the closed files from now on.
      this.begin(this.baseNow());
      this.add(this.tail.next().lines);
    } else this.add(next.lines);
    return this.book;
  }

  private begin(base: string): void {
    const { folded = [], book } = readJson(this.files.snapshot, usageSnapshotSchema) ?? {};
    this.book = new UsageBook(book);
    for (const { name, path } of this.files.closed()) {
      if (folded.includes(name)) continue;
      for (const row of rowsIn(path)) this.book.record(row);
    }
    this.tail = new LineTail(this.files.current);
    this.base = base;
  }

  /** Changes whenever a file was closed or folded. */
  private baseNow(): string {
    const snapshot = statSync(this.files.snapshot, { throwIfNoEntry: false });
    return [snapshot?.mtimeMs ?? "", snapshot?.ino ?? "", ...this.files.closed().map(({ name }) => name)].join(" ");
  }

  private add(lines: readonly string[]): void {
    for (const row of rowsOf(lines)) this.book.record(row);
  }
}

/** The rows of a file that nobody appends to any more; none where it was folded and removed meanwhile. */
export function rowsIn(path: string): UsageRow[] {
  try {
    return rowsOf(readFileSync(path, "utf8").split("\n"));
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}

/** Lines that are no row, torn ones for example, are left out. */
function rowsOf(lines: readonly string[]): UsageRow[] {
  return lines.flatMap((line) => {
    const row = line === "" ? undefined : usageRowSchema.safeParse(parsed(line)).data;
    return row ? [row] : [];
  });
}
