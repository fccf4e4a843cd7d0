import { appendFileSync, closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import type { LogPart } from "../../ports/jobEngine.ts";
import { hasCode } from "../../ports/thrown.ts";

/** Bytes of one job's log; what comes after is counted by nobody but said to be missing. */
const MOST_BYTES = 32 * 1024 * 1024;
/** Read at once. */
const PART_BYTES = 256 * 1024;

/** Appends to a log until it is full. @throws where it cannot be written */
export function appendToLog(file: string, text: string, mostBytes = MOST_BYTES): void {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size >= mostBytes) return;
  const room = mostBytes - size;
  const bytes = Buffer.from(text);
  const part = bytes.length <= room ? bytes : Buffer.concat([bytes.subarray(0, room), Buffer.from(CUT)]);
  appendFileSync(file, part, { mode: 0o600 });
}

const CUT = "\n[The log is full: nothing more is written to it. The job goes on.]\n";

/** Reads on from a place; whole characters only, the rest comes with the next part. */
export function readLogFrom(file: string, from: number): LogPart {
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return { text: "", next: from };
    throw error;
  }
  try {
    const { size } = fstatSync(descriptor);
    const bytes = Buffer.alloc(Math.min(PART_BYTES, Math.max(0, size - from)));
    const read = readSync(descriptor, bytes, 0, bytes.length, from);
    const whole = wholeCharacters(bytes.subarray(0, read));
    return { text: whole.toString("utf8"), next: from + whole.length };
  } finally {
    closeSync(descriptor);
  }
}

/** Without the first bytes of a character whose others are not there yet. */
export function wholeCharacters(bytes: Buffer): Buffer {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return needed > back ? bytes.subarray(0, bytes.length - back) : bytes;
  }
  return bytes;
}
