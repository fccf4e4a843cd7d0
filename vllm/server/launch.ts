import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { execa } from "execa";
import { identify, isAlive, type ProcessId } from "./serverRecord.ts";

const definedOnly = (env: LaunchSpec["env"]): Record<string, string> =>
  Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));

/** What to run and where its words go. */
export interface LaunchSpec {
  command: readonly string[];
  /** The whole environment of the child. */
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** Appended to. */
  log: string;
}

/** A started process. */
export interface Launched {
  id: ProcessId;
  /** Settles when it has ended; the exit code, or the signal that ended it. */
  ended: Promise<{ code: number | undefined; signal: string | undefined }>;
  /** Keeps this process running until the started one has ended; without it `ended` alone does not. */
  hold(): void;
}

/**
 * Starts a program in a process group of its own, its output going to the log, whatever becomes of this process. Rejects
 * where the program cannot be run.
 */
export async function launch(spec: LaunchSpec): Promise<Launched> {
  mkdirSync(dirname(spec.log), { recursive: true, mode: 0o700 });
  // execa takes any file descriptor; its type lists only 3 to 9.
  const output = openSync(spec.log, "a", 0o600) as 3;
  const [program = "vllm", ...words] = spec.command;
  const child = execa(program, [...words], {
    cwd: spec.cwd,
    env: definedOnly(spec.env),
    extendEnv: false,
    stdin: "ignore",
    stdout: output,
    stderr: output,
    detached: true,
    cleanup: false,
    reject: false,
  });
  closeSync(output);
  const ended = child.then((result) => ({ code: result.exitCode, signal: result.signal }));
  if (child.pid === undefined) {
    const result = await child;
    throw new Error(result.shortMessage ?? `${program} could not be started`);
  }
  child.unref();
  return { id: await identify(child.pid), ended, hold: () => child.ref() };
}

/** Kills what an ended leader left behind in its group: a worker there would keep the GPU's memory. */
export function clearGroup(id: ProcessId): void {
  signalGroup(id.pid, "SIGKILL");
}

/** Begins a log anew: one line that says what is started and when. */
export function beginLog(log: string, line: string): void {
  mkdirSync(dirname(log), { recursive: true, mode: 0o700 });
  const file = openSync(log, "w", 0o600);
  writeSync(file, `${line}\n`);
  closeSync(file);
}

/** Adds a line of our own to a server's log. */
export function addToLog(log: string, line: string): void {
  const file = openSync(log, "a", 0o600);
  writeSync(file, `${line}\n`);
  closeSync(file);
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

const POLL_MS = 50;

/** Waits until a process has ended; false when the time is over first. */
export async function waitForEnd(id: ProcessId, timeoutMs: number): Promise<boolean> {
  const until = Date.now() + timeoutMs;
  while (await isAlive(id)) {
    if (Date.now() >= until) return false;
    await pause(POLL_MS);
  }
  return true;
}

/** Ends a process and its group: asked first, killed when the time is over. Says whether it had to be killed. */
export async function endGroup(id: ProcessId, timeoutMs: number): Promise<{ killed: boolean }> {
  if (!(await isAlive(id))) return { killed: false };
  signalGroup(id.pid, "SIGTERM");
  if (await waitForEnd(id, timeoutMs)) {
    clearGroup(id);
    return { killed: false };
  }
  signalGroup(id.pid, "SIGKILL");
  await waitForEnd(id, 10_000);
  return { killed: true };
}
