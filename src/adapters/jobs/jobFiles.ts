import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type JobRecord, jobRecordSchema } from "../../core/jobs/record.ts";
import { TASK_ID } from "../../core/jobs/taskId.ts";
import type { JobRefusal, JobStep } from "../../core/jobs/transitions.ts";
import { type DamagedJob, JobStoreError } from "../../ports/jobEngine.ts";
import { hasCode, messageOf } from "../../ports/thrown.ts";
import { syncDirectory, writeDurably } from "../durableFiles.ts";

const storedSchema = z.intersection(z.object({ turn: z.number().int().min(1) }), jobRecordSchema);

/** A job as it stands, and the number of the turn it took last. */
export interface StoredJob {
  job: JobRecord;
  turn: number;
  damage?: DamagedJob;
}

/** So many others changing one job at once do not happen. */
const MOST_TRIES = 100;
const FULL = ["ENOSPC", "EDQUOT", "EFBIG"] as const;

/**
 * The directories of jobs: `<root>/<task id>/` with `job.json`, `log` and `turns/`.
 *
 * A job changes by turns. Turn n + 1 is a file that appears whole, by a link, where turn n was the last: of several that try,
 * one succeeds, and none can block another by dying. `job.json` is a copy of the last turn for people and other programs;
 * where it lags behind or is damaged, the turns count.
 */
export class JobFiles {
  readonly root: string;

  /** @param root made on the first write */
  constructor(root: string) {
    this.root = root;
  }

  dirOf(id: string): string {
    if (!TASK_ID.test(id))
      throw new JobStoreError(
        "unknown-id",
        { place: id },
        `"${id}" is no task id.`,
        "Ids look like task-20260122-103000-ab12; see `job list`.",
      );
    return join(this.root, id);
  }

  jobFile(id: string): string {
    return join(this.dirOf(id), "job.json");
  }

  /** Ids in the order of their seconds. */
  ids(): string[] {
    return namesIn(this.root)
      .filter((name) => TASK_ID.test(name))
      .sort();
  }

  /** Stores a job under its id. False where the id is taken. @throws JobStoreError where it cannot be written */
  async add(job: JobRecord): Promise<boolean> {
    const draft = join(this.root, `.new-${randomBytes(8).toString("hex")}`);
    try {
      mkdirSync(join(draft, "turns"), { recursive: true, mode: 0o700 });
      const text = textOf(job, 1);
      await writeDurably(join(draft, "turns", nameOf(1)), text);
      await writeDurably(join(draft, "job.json"), text);
      try {
        renameSync(draft, this.dirOf(job.task_id));
      } catch (error) {
        if (hasCode(error, "ENOTEMPTY", "EEXIST")) return false;
        throw error;
      }
      await syncDirectory(this.root);
      return true;
    } catch (error) {
      throw this.unwritable(error);
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
  }

  /** @returns undefined where there is no such job @throws JobStoreError where nothing of it can be read */
  load(id: string): StoredJob | undefined {
    const dir = this.dirOf(id);
    const file = this.jobFile(id);
    let stored = readStored(file);
    let damage: DamagedJob | undefined;
    if (stored === undefined || "reason" in stored) {
      if (!existsSync(dir)) return undefined;
      const last = this.turns(id).at(-1);
      const reason = stored?.reason ?? "it is missing";
      stored = last === undefined ? undefined : readStored(join(dir, "turns", nameOf(last)));
      if (stored === undefined || "reason" in stored) throw unreadable(file, reason);
      damage = { task_id: id, place: file, reason, recovered: true };
    }
    for (;;) {
      const path = join(dir, "turns", nameOf(stored.turn + 1));
      const next = readStored(path);
      if (next === undefined) break;
      if ("reason" in next) throw unreadable(path, next.reason);
      stored = next;
    }
    return damage ? { ...stored, damage } : stored;
  }

  /** Takes one step on a job as it stands; undefined where there is none. @throws JobStoreError */
  async advance<T extends JobRecord>(
    id: string,
    step: (job: JobRecord) => JobStep<T>,
  ): Promise<{ ok: true; job: T } | { ok: false; refusal: JobRefusal } | undefined> {
    for (let attempt = 0; attempt < MOST_TRIES; attempt += 1) {
      const present = this.load(id);
      if (present === undefined) return undefined;
      const taken = step(present.job);
      if (!taken.ok) return taken;
      try {
        if (await this.take(id, present.turn + 1, textOf(taken.job, present.turn + 1))) return taken;
      } catch (error) {
        throw this.unwritable(error);
      }
    }
    throw new JobStoreError(
      "unwritable",
      { place: this.jobFile(id) },
      `${this.jobFile(id)} changes too quickly.`,
      "End the programs that use it, then try again.",
    );
  }

  /** The file of a turn. Its modification time is the last sign of life of the runner that has the job. */
  turnFile(id: string, turn: number): string {
    return join(this.dirOf(id), "turns", nameOf(turn));
  }

  /** Forgets a job. */
  remove(id: string): void {
    const grave = join(this.root, `.gone-${randomBytes(8).toString("hex")}`);
    // Under another name first, so that nobody reads half a job.
    renameSync(this.dirOf(id), grave);
    rmSync(grave, { recursive: true, force: true });
  }

  private async take(id: string, turn: number, text: string): Promise<boolean> {
    const turns = join(this.dirOf(id), "turns");
    const draft = join(turns, `.${randomBytes(8).toString("hex")}`);
    try {
      await writeDurably(draft, text);
      linkSync(draft, join(turns, nameOf(turn)));
    } catch (error) {
      if (hasCode(error, "EEXIST")) return false;
      throw error;
    } finally {
      rmSync(draft, { force: true });
    }
    await syncDirectory(turns);
    this.publish(id, text);
    return true;
  }

  /** The turn counts already: a disk that is full now leaves `job.json` behind until the next one. */
  private publish(id: string, text: string): void {
    const draft = join(this.dirOf(id), `.${randomBytes(8).toString("hex")}`);
    try {
      writeFileSync(draft, text, { mode: 0o600 });
      renameSync(draft, this.jobFile(id));
    } catch (error) {
      rmSync(draft, { force: true });
      if (!hasCode(error, ...FULL)) throw error;
    }
  }

  private turns(id: string): number[] {
    return namesIn(join(this.dirOf(id), "turns"))
      .flatMap((name) => (/^\d{6}\.json$/.test(name) ? [Number(name.slice(0, 6))] : []))
      .sort((a, b) => a - b);
  }

  /** What failed to be written, with what to do where the disk is why. */
  unwritable(error: unknown): unknown {
    if (hasCode(error, ...FULL, "EROFS", "EACCES", "EPERM"))
      return new JobStoreError(
        "unwritable",
        { place: this.root, reason: messageOf(error) },
        `Jobs cannot be written under ${this.root}: ${messageOf(error)}`,
        "Make room there, or set OMQ_RESULTS_DIR to another directory.",
      );
    return error;
  }
}

/** Makes an empty file that hints at something by being there; on a full disk it is left out, and mended by whoever lists. */
export function putMarker(dir: string, name: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    closeSync(openSync(join(dir, name), "w", 0o600));
  } catch (error) {
    if (!hasCode(error, ...FULL)) throw error;
  }
}

/** Names in a directory; none where it is not there. */
export function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}

const nameOf = (turn: number) => `${String(turn).padStart(6, "0")}.json`;
const textOf = (job: JobRecord, turn: number) => `${JSON.stringify({ ...job, turn }, null, 2)}\n`;

function readStored(file: string): { job: JobRecord; turn: number } | { reason: string } | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    return { reason: messageOf(error) };
  }
  try {
    const { turn, ...job } = storedSchema.parse(JSON.parse(text));
    return { job, turn };
  } catch (error) {
    if (error instanceof SyntaxError) return { reason: error.message };
    if (!(error instanceof z.ZodError)) throw error;
    const issue = error.issues[0];
    return { reason: `${issue?.path.join(".")}: ${issue?.message}` };
  }
}

function unreadable(file: string, reason: string): JobStoreError {
  return new JobStoreError(
    "unreadable",
    { place: file, reason },
    `${file} cannot be read: ${reason}`,
    "Put it back from a backup, or remove its directory; other jobs are not concerned.",
  );
}
