import { readFile, rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { hasCode } from "../../ports/thrown.ts";

/** How long a sandbox that was killed may take to be gone (ms), and how often it is looked at. */
const GONE_MS = 5_000;
const LOOK_MS = 10;

/** The calls that were prepared and not settled, by the id of whom they run for. */
export class RunningCalls {
  private readonly files = new Map<string, Set<string>>();

  begun(id: string, argsFile: string): void {
    const files = this.files.get(id) ?? new Set();
    this.files.set(id, files.add(argsFile));
  }

  async over(id: string, argsFile: string): Promise<void> {
    const files = this.files.get(id);
    files?.delete(argsFile);
    if (files?.size === 0) this.files.delete(id);
    await Promise.all([argsFile, infoFile(argsFile)].map((file) => rm(file, { force: true })));
  }

  /** Ends the calls of `id` with everything they started; resolves when nothing of them can write any more. */
  async end(id: string): Promise<void> {
    await Promise.all([...(this.files.get(id) ?? [])].map(endCall));
  }
}

/** Where the wrapper lets bubblewrap say which process is the first of the sandbox. */
function infoFile(argsFile: string): string {
  return `${argsFile}.info`;
}

async function endCall(argsFile: string): Promise<void> {
  // Without its description the wrapper starts nothing any more.
  await rm(argsFile, { force: true });
  const pid = await firstProcess(argsFile);
  if (pid === undefined || (await commandOf(pid)) !== "bwrap") return;
  // The first process of a process namespace takes all others with it, and is gone only after them.
  kill(pid);
  for (const end = performance.now() + GONE_MS; performance.now() < end; await sleep(LOOK_MS))
    if ((await commandOf(pid)) !== "bwrap") return;
  throw new Error(`the sandbox of a cancelled call (process ${pid}) did not end within ${GONE_MS / 1_000} s`);
}

async function firstProcess(argsFile: string): Promise<number | undefined> {
  const text = await readFile(infoFile(argsFile), "utf8").catch(absent);
  const pid = /"child-pid"\s*:\s*(\d+)/u.exec(text ?? "")?.[1];
  return pid === undefined ? undefined : Number(pid);
}

/** Name of a process that runs, undefined where it is gone: a dead one that nobody has asked after is gone, too. */
async function commandOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(absent);
  const [, name, state] = /^\d+ \((.*)\) (\S)/su.exec(stat ?? "") ?? [];
  return state === "Z" || state === "X" ? undefined : name;
}

function absent(error: unknown): undefined {
  if (hasCode(error, "ENOENT", "ESRCH")) return undefined;
  throw error;
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (!hasCode(error, "ESRCH")) throw error;
  }
}
