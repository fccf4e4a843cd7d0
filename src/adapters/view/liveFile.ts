import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type LiveState, liveStateSchema } from "../../core/view/liveState.ts";
import { readJson } from "./readJson.ts";

const liveFile = (stateDir: string): string => join(stateDir, "live.json");

/** Replaces `<stateDir>/live.json`; nothing where the project has no state directory. Readers see the old one or the new one. */
export async function writeLive(stateDir: string, live: LiveState): Promise<void> {
  if (!existsSync(stateDir)) return;
  const draft = `${liveFile(stateDir)}.${randomBytes(6).toString("hex")}`;
  try {
    await writeFile(draft, `${JSON.stringify(live)}\n`);
    await rename(draft, liveFile(stateDir));
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** @throws Error where the file is there and is not ours. */
export function readLive(stateDir: string): LiveState | undefined {
  return readJson(liveFile(stateDir), liveStateSchema);
}
