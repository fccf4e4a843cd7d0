import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname } from "node:path";
import { messageOf } from "../../ports/thrown.ts";
import { CliFailure } from "../failure.ts";

/** One file to be written (`after`), or removed (`after` undefined). Bytes, so that nothing is lost in decoding. */
export interface Change {
  path: string;
  before: Buffer | undefined;
  after: Buffer | undefined;
}

export type WriteFile = (path: string, bytes: Buffer) => void | Promise<void>;

/** Bytes of a file, undefined where there is none. A directory or unreadable file is a failure that says so. */
export function readBytes(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    if (error.code === "ENOENT") return undefined;
    throw new CliFailure(`${path} cannot be read: ${error.message}`, {
      next: "Check what lies at that path and its permissions; nothing was changed.",
    });
  }
}

/** Refuses before the first write where a file is marked read-only: a rename would replace it all the same, and for root
 * the mode stops nothing, but whoever took the write bits off meant it. */
function requireWritable(path: string): void {
  const link = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ? readlinkSync(path) : undefined;
  if (link !== undefined && !existsSync(path)) {
    // Writing there would put a file in the link's place, and nothing could put the link back.
    throw new CliFailure(`${path} is a symbolic link to ${link}, and nothing is there`, {
      next: "Make that file ({} in it is enough) or remove the link, and run the command again; nothing was changed.",
    });
  }
  const next =
    link === undefined
      ? `Make it writable (chmod u+w '${path}') and run the command again; nothing was changed.`
      : `It is a link to ${link}: make that writable, or where a tool keeps it for you, install elsewhere (for you alone: --global, in this project: without it). Nothing was changed.`;
  if (!existsSync(path)) {
    let dir = dirname(path);
    while (!existsSync(dir)) dir = dirname(dir);
    try {
      if (!statSync(dir).isDirectory()) throw new Error("it is not a directory");
      accessSync(dir, constants.W_OK);
    } catch (error) {
      throw new CliFailure(`${path} cannot be made: ${dir}: ${messageOf(error)}`, {
        next: "Make that directory writable and run the command again; nothing was changed.",
      });
    }
    return;
  }
  if ((statSync(path).mode & 0o222) === 0) throw new CliFailure(`${path} is read-only`, { next });
  try {
    accessSync(path, constants.W_OK);
  } catch (error) {
    throw new CliFailure(`${path} is read-only: ${messageOf(error)}`, { next });
  }
}

/** Removes directories upwards while they are empty, up to and without `stop`; a link to a directory is the person's. */
export function removeEmptyDirs(from: string, stop: string): void {
  for (let dir = from; dir.startsWith(`${stop}/`); dir = dirname(dir)) {
    try {
      rmdirSync(dir);
    } catch (error) {
      if (
        error instanceof Error &&
        "code" in error &&
        ["ENOTEMPTY", "ENOENT", "EEXIST", "EBUSY", "ENOTDIR"].includes(String(error.code))
      )
        return;
      throw error;
    }
  }
}

/**
 * Writes all changes or none: each file by an atomic rename, and where one fails, those already written get their former
 * bytes back.
 *
 * @throws CliFailure naming the file that could not be written
 */
export async function applyChanges(changes: readonly Change[], write: WriteFile): Promise<void> {
  for (const change of changes) requireWritable(change.path);
  const done: Change[] = [];
  const madeDirs: string[] = [];
  for (const change of changes) {
    try {
      const made = change.after === undefined ? undefined : mkdirSync(dirname(change.path), { recursive: true });
      if (made !== undefined) madeDirs.push(made);
      if (change.after === undefined) rmSync(change.path, { force: true });
      else await write(change.path, change.after);
      done.push(change);
    } catch (error) {
      for (const earlier of done.toReversed()) {
        if (earlier.before === undefined) rmSync(earlier.path, { force: true });
        else await write(earlier.path, earlier.before);
      }
      for (const dir of madeDirs.toReversed()) rmSync(dir, { recursive: true, force: true });
      throw new CliFailure(`${change.path} could not be written: ${messageOf(error)}`, {
        next: "Mend that and run the command again; every file is as it was.",
      });
    }
  }
}

/** The default writer: a temporary file beside the target, renamed over it; keeps mode and owner. */
export async function writeAtomically(path: string, bytes: Buffer): Promise<void> {
  const { default: writeFileAtomic } = await import("write-file-atomic");
  const mode = existsSync(path) ? statSync(path).mode & 0o7777 : undefined;
  await writeFileAtomic(path, bytes, mode === undefined ? {} : { mode });
  if (mode !== undefined) chmodSync(path, mode);
}
