import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { withTranscript } from "../../core/claude/transcript.ts";
import { newNotes, type SessionNotes } from "../../core/context/sessionNotes.ts";
import { hasCode } from "../../ports/thrown.ts";
import { parsed } from "../view/readJson.ts";

/** Bytes of a transcript that are read, from its end: a person waits for the hook. */
const MOST_BYTES = 4 * 1024 * 1024;

/** Notes of a Claude Code chat from its transcript; new ones where that cannot be found. */
export function transcriptNotes(path: string | undefined, session: string, now: number): SessionNotes {
  const notes = newNotes("claude", session, now);
  if (path === undefined) return notes;
  return withTranscript(notes, endOf(path).split("\n").map(parsed), now);
}

function endOf(path: string): string {
  let handle: number;
  try {
    handle = openSync(path, "r");
  } catch (error) {
    // The first prompt of a session comes before its transcript.
    if (hasCode(error, "ENOENT", "ENOTDIR")) return "";
    throw error;
  }
  try {
    const { size } = fstatSync(handle);
    const bytes = Buffer.alloc(Math.min(size, MOST_BYTES));
    const read = readSync(handle, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString("utf8", 0, read);
  } finally {
    closeSync(handle);
  }
}
