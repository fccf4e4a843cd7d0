import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { signalGroup } from "../programs/signalGroup.ts";
import { UNATTENDED_OPENCODE } from "./quietOpencode.ts";

/** How an OpenCode process that serves us alone is started and ended. */
export interface OwnOpencode {
  /** The `opencode` program. */
  program: string;
  projectDir: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Where each keeps a database of its own: several processes on one lock each other out. */
  stateDir: string;
  /** Until it has named its address, or answered the first request (ms). */
  startTimeoutMs: number;
  /** Until the polite end is over (ms). */
  stopTimeoutMs: number;
}

/** The environment of one: nobody is there to ask, its password is new, its database is `<name>.db`. */
export async function ownEnvironment({ env, stateDir }: OwnOpencode, name: string) {
  const dir = join(stateDir, "pool");
  await mkdir(dir, { recursive: true, mode: 0o700 });
  return {
    ...env,
    ...UNATTENDED_OPENCODE,
    OPENCODE_SERVER_PASSWORD: randomBytes(24).toString("base64url"),
    OPENCODE_SERVER_USERNAME: "opencode",
    OPENCODE_DB: join(dir, `${name}.db`),
  };
}

/** Asks a process group to end, and waits for it so long (ms). */
export async function askToEnd(pid: number | undefined, ended: Promise<void>, timeoutMs: number): Promise<void> {
  signalGroup(pid, "SIGTERM");
  const timer = new AbortController();
  await Promise.race([ended, sleep(timeoutMs, undefined, { signal: timer.signal }).catch(() => undefined)]);
  timer.abort();
}
