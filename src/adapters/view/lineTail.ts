import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { hasCode } from "../../ports/thrown.ts";

/** What was appended to a file of lines since the last look. */
export type Tail = {
  lines: string[] /** The file is another one than before, or shorter: begin anew. */;
  anew: boolean;
};

/** A place in a file of lines; no inode before the file was seen. */
export interface LinePosition {
  offset: number;
  inode: number | undefined;
}

/** Reads a growing file of lines piece by piece. What stands behind the last newline is left for later: it may be torn. */
export class LineTail {
  private readonly file: string;
  private offset: number;
  private inode: number | undefined;

  /** @param from where lines were read up to before */
  constructor(file: string, from: LinePosition = { offset: 0, inode: undefined }) {
    this.file = file;
    this.offset = from.offset;
    this.inode = from.inode;
  }

  /** Up to where lines were read. */
  get position(): LinePosition {
    return { offset: this.offset, inode: this.inode };
  }

  /** @throws where the file is there and cannot be read. */
  next(): Tail {
    let handle: number;
    try {
      handle = openSync(this.file, "r");
    } catch (error) {
      if (!hasCode(error, "ENOENT", "ENOTDIR")) throw error;
      const anew = this.offset > 0;
      this.offset = 0;
      return { lines: [], anew };
    }
    try {
      const { size, ino } = fstatSync(handle);
      const anew = this.inode !== undefined && (ino !== this.inode || size < this.offset);
      if (anew) this.offset = 0;
      this.inode = ino;
      const bytes = Buffer.alloc(size - this.offset);
      let read = 0;
      while (read < bytes.length) {
        const more = readSync(handle, bytes, read, bytes.length - read, this.offset + read);
        if (more === 0) break;
        read += more;
      }
      const whole = bytes.subarray(0, read).lastIndexOf(0x0a) + 1;
      this.offset += whole;
      const lines = bytes.toString("utf8", 0, whole).split("\n");
      return { lines: lines.filter((line) => line !== ""), anew };
    } finally {
      closeSync(handle);
    }
  }
}
