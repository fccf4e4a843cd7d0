import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { opencodeOutput } from "../../adapters/opencode/opencodeOutput.ts";
import { signalGroup } from "../../adapters/programs/signalGroup.ts";

export interface ServeOptions {
  /** Path or name of the `opencode` program. */
  program: string;
  /** The project it serves. */
  cwd: string;
  /** The whole environment: nothing is inherited. */
  env: Readonly<Record<string, string>>;
  /** Milliseconds until the server must have named its address. */
  startTimeoutMs: number;
  signal: AbortSignal;
}

export interface RunningServer {
  url: string;
  /** The last lines it wrote to stdout and stderr. */
  tail(): string;
  /** Resolves with a sentence when the process ends by itself or by `stop`. */
  ended: Promise<string>;
  /** Ends the server and everything it started. Idempotent. */
  stop(): Promise<void>;
}

/** Milliseconds between the polite signal and the other one. */
const PATIENCE_MS = 3_000;

/**
 * Starts `opencode serve` on a free port of 127.0.0.1, in a process group of its own so that `stop` reaches the tools it
 * runs too. Rejects when it ends before it listens, does not listen in time, or the signal is aborted.
 */
export async function startOpencode(options: ServeOptions): Promise<RunningServer> {
  options.signal.throwIfAborted();
  const child = execa(
    options.program,
    ["serve", "--hostname", "127.0.0.1", "--port", "0", "--print-logs", "--log-level", "WARN"],
    {
      cwd: options.cwd,
      env: options.env,
      extendEnv: false,
      detached: true,
      reject: false,
      buffer: false,
      stdin: "ignore",
      all: true,
    },
  );
  const said = opencodeOutput(child.all);
  let running = true;
  // Its group is its own, so nobody else would end it where this process ends without `stop`.
  const orphaned = () => void signalGroup(child.pid, "SIGKILL");
  process.once("exit", orphaned);
  const ended = child.then((result) => {
    running = false;
    process.off("exit", orphaned);
    return result.exitCode === undefined
      ? `opencode serve did not run: ${result.shortMessage ?? result.signal ?? "unknown cause"}`
      : `opencode serve ended with exit code ${result.exitCode}`;
  });
  const stop = async () => {
    for (const name of ["SIGTERM", "SIGKILL"] as const) {
      if (!signalGroup(child.pid, name)) break;
      await Promise.race([ended, sleep(PATIENCE_MS, undefined, { ref: false })]);
    }
    await ended;
  };
  const timer = new AbortController();
  const failed = (why: string) => new Error(`${why}\n${said.tail()}`);
  try {
    const url = await Promise.race([
      said.address,
      ended.then((why) => Promise.reject(failed(why))),
      sleep(options.startTimeoutMs, undefined, { signal: AbortSignal.any([timer.signal, options.signal]) }).then(() =>
        Promise.reject(failed(`opencode serve named no address within ${options.startTimeoutMs / 1000} s`)),
      ),
    ]);
    return { url, tail: said.tail, ended, stop };
  } catch (error) {
    if (running) await stop();
    options.signal.throwIfAborted();
    throw error;
  } finally {
    timer.abort();
  }
}
