import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withoutSecrets } from "../../core/context/cleanContext.ts";
import { type SessionNotes, sessionNotesSchema } from "../../core/context/sessionNotes.ts";
import { hasCode } from "../../ports/thrown.ts";
import { makeStateDir } from "../log/stateDir.ts";
import { readJson } from "../view/readJson.ts";

/** Chats that are remembered; a handoff is of one of the last. */
const KEPT = 20;

const dirOf = (stateDir: string) => join(stateDir, "sessions");

/** Replaces what is kept of a chat, secrets left out. */
export function writeNotes(stateDir: string, notes: SessionNotes): void {
  makeStateDir(stateDir);
  const dir = dirOf(stateDir);
  mkdirSync(dir, { recursive: true });
  replaceFile(join(dir, fileName(notes.session)), `${JSON.stringify(withoutSecrets(notes))}\n`);
  for (const old of newestFirst(dir).slice(KEPT)) rmSync(join(dir, old), { force: true });
}

/**
 * Notes of a chat, or of the one that was last written to. Undefined where nothing is kept.
 *
 * @throws Error where the file is there and is not ours
 */
export function readNotes(stateDir: string, session?: string): SessionNotes | undefined {
  const dir = dirOf(stateDir);
  const name = session === undefined ? newestFirst(dir)[0] : fileName(session);
  return name === undefined ? undefined : readJson(join(dir, name), sessionNotesSchema);
}

/** Readers see the old file or the new one. */
export function replaceFile(path: string, text: string): void {
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    writeFileSync(draft, text, { mode: 0o600 });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

function fileName(session: string): string {
  return `${session.replace(/[^\w-]/gu, "_")}.json`;
}

function newestFirst(dir: string): string[] {
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
  return names
    .filter((name) => name.endsWith(".json"))
    .map((name) => ({ name, at: statSync(join(dir, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.at - a.at)
    .map(({ name }) => name);
}
