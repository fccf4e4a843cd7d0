import {
  appendFileSync,
  closeSync,
  fdatasync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { SwarmEvent } from "../../core/workflow/events.ts";
import { swarmEventSchema } from "../../core/workflow/events.ts";
import type { EventLogs } from "../../ports/eventLogs.ts";
import { CorruptLogError } from "../../ports/eventLogs.ts";
import { hasCode, messageOf } from "../../ports/thrown.ts";
import { syncDirectory } from "../durableFiles.ts";
import { makeStateDir } from "./stateDir.ts";

const LOG = "events.jsonl";
const SWARM_ID = /^s-[0-9a-z-]+$/;

const sync = promisify(fdatasync);

/**
 * Logs as `<stateDir>/swarms/<id>/events.jsonl`, one fsynced line an event. Every command of eight Workers passes here, one
 * after the other: all but the wait for the disk is done without turns in the thread pool, which cost more than the work.
 */
export class FileEventLogs implements EventLogs {
  private readonly stateDir: string;
  private readonly swarmsDir: string;

  /** @param stateDir the project's `.aegis` directory; made on the first append. */
  constructor(stateDir: string) {
    this.stateDir = stateDir;
    this.swarmsDir = join(stateDir, "swarms");
  }

  async list(): Promise<readonly string[]> {
    try {
      const entries = readdirSync(this.swarmsDir, { withFileTypes: true });
      return entries
        .filter((entry) => entry.isDirectory() && SWARM_ID.test(entry.name))
        .map((entry) => entry.name)
        .sort();
    } catch (error) {
      if (hasCode(error, "ENOENT")) return [];
      throw error;
    }
  }

  async read(id: string): Promise<readonly SwarmEvent[]> {
    const file = this.file(id);
    let text: string;
    try {
      text = await readFile(file, "utf8");
    } catch (error) {
      if (hasCode(error, "ENOENT")) return [];
      throw error;
    }
    // What stands behind the last newline was never acknowledged: the write was cut by a crash.
    const lines = text.split("\n").slice(0, -1);
    return lines.map((line, index) => parseLine(file, line, index + 1));
  }

  async append(id: string, events: readonly SwarmEvent[]): Promise<void> {
    if (events.length === 0) return;
    const file = this.file(id);
    makeStateDir(this.stateDir);
    mkdirSync(dirname(file), { recursive: true });
    const fd = openSync(file, "a+");
    try {
      const { size } = fstatSync(fd);
      const whole = lengthOfWholeLines(fd, size);
      if (whole < size) ftruncateSync(fd, whole);
      const bytes = Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(""));
      try {
        appendFileSync(fd, bytes);
        await sync(fd);
        // A new file's name is on disk only once its directory is.
        if (size === 0) await syncDirectory(dirname(file));
      } catch (error) {
        // A half-written batch (disk full) must not be read back as having happened.
        ftruncateSync(fd, whole);
        throw error;
      }
    } finally {
      closeSync(fd);
    }
  }

  private file(id: string): string {
    if (!SWARM_ID.test(id)) throw new Error(`"${id}" is not a swarm id; ids look like s-20260101-120000-abcd.`);
    return join(this.swarmsDir, id, LOG);
  }
}

function parseLine(file: string, line: string, number: number): SwarmEvent {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new CorruptLogError(file, number, messageOf(error));
  }
  const parsed = swarmEventSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new CorruptLogError(file, number, `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "unknown event"}`);
}

/** Bytes up to and including the last newline. */
function lengthOfWholeLines(fd: number, size: number): number {
  const chunk = Buffer.alloc(Math.min(size, 4096));
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - chunk.length);
    const bytesRead = readSync(fd, chunk, 0, end - start, start);
    const newline = chunk.subarray(0, bytesRead).lastIndexOf(0x0a);
    if (newline >= 0) return start + newline + 1;
    end = start;
  }
  return 0;
}
