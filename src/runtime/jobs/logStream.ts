import { messageOf } from "../../ports/thrown.ts";

/** Characters that wait for a log that cannot be written; older ones are let go, and counted. */
const MOST_WAITING = 1_000_000;
/** Between tries (ms). */
const RETRY_MS = 1_000;

/**
 * Writes what comes in pieces, in order, one write at a time. Where the log cannot be written it keeps what fits, tries
 * again, and says in the log how much is missing.
 */
export class LogStream {
  /** Characters that were let go. */
  lost = 0;
  private waiting = "";
  private missing = 0;
  private writing: Promise<void> | undefined;
  private ending = false;
  private readonly write: (text: string) => Promise<void>;

  constructor(write: (text: string) => Promise<void>) {
    this.write = write;
  }

  add(text: string): void {
    this.waiting += text;
    const over = this.waiting.length - MOST_WAITING;
    if (over > 0) {
      this.lost += over;
      this.missing += over;
      this.waiting = this.waiting.slice(over);
    }
    this.writing ??= this.drain();
  }

  /** Writes what waits; what cannot be written now is lost. @returns why it could not, where it could not */
  async end(): Promise<string | undefined> {
    this.ending = true;
    await this.writing;
    if (this.waiting === "") return undefined;
    try {
      await this.writeOnce();
      return undefined;
    } catch (error) {
      this.lost += this.waiting.length;
      this.waiting = "";
      return messageOf(error);
    }
  }

  private async drain(): Promise<void> {
    while (this.waiting !== "") {
      try {
        await this.writeOnce();
      } catch {
        // What waits stays; `end` tells the reason where it lasts.
        if (this.ending) break;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        if (this.ending) break;
      }
    }
    this.writing = undefined;
  }

  private async writeOnce(): Promise<void> {
    const text = this.waiting;
    const note =
      this.missing > 0 ? `\n[${this.missing} characters are missing here: the log could not be written.]\n` : "";
    this.waiting = "";
    try {
      await this.write(note + text);
      if (note !== "") this.missing = 0;
    } catch (error) {
      this.waiting = text + this.waiting;
      throw error;
    }
  }
}
