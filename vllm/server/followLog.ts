import { open } from "node:fs/promises";
import { StringDecoder } from "node:string_decoder";
import { hasCode } from "../../src/ports/thrown.ts";

/** Reads what a growing file has that was not read yet, whole lines only. A file that shrank is read from its start. */
export class LogReader {
  readonly #path: string;
  #offset: number;
  #decoder = new StringDecoder("utf8");
  #rest = "";

  /** @param offset byte to begin at */
  constructor(path: string, offset = 0) {
    this.#path = path;
    this.#offset = offset;
  }

  /** Lines written since the last call, without line ends; none where the file is not there yet. */
  async lines(): Promise<string[]> {
    const file = await open(this.#path, "r").catch((error: unknown) => {
      if (hasCode(error, "ENOENT")) return undefined;
      throw error;
    });
    if (!file) return [];
    try {
      const { size } = await file.stat();
      if (size < this.#offset) {
        this.#offset = 0;
        this.#rest = "";
        this.#decoder = new StringDecoder("utf8");
      }
      const buffer = Buffer.alloc(size - this.#offset);
      const { bytesRead } = await file.read(buffer, 0, buffer.length, this.#offset);
      this.#offset += bytesRead;
      // Progress bars rewrite their line with carriage returns: each state counts as a line.
      const parts = (this.#rest + this.#decoder.write(buffer.subarray(0, bytesRead))).split(/\r?\n|\r/);
      this.#rest = parts.pop() ?? "";
      return parts;
    } finally {
      await file.close();
    }
  }

  /** A line that was begun and not ended. */
  get unfinished(): string {
    return this.#rest;
  }
}
