import type { SandboxRun } from "../../ports/sandbox.ts";
import { hasCode } from "../../ports/thrown.ts";

/** Characters of output that are kept: the end, where a test runner says what failed. */
const MAX_OUTPUT = 50_000;

export interface ExecuteOptions {
  cwd: string;
  timeoutMs: number;
  env: Record<string, string>;
  stdin?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** Runs one program to its end, its deadline or an abort; its whole process group ends with it. Throws only if it cannot start. */
export async function execute(file: string, args: readonly string[], options: ExecuteOptions): Promise<SandboxRun> {
  const { execa } = await import("execa");
  const started = performance.now();
  const child = execa(file, args, {
    cwd: options.cwd,
    env: options.env,
    extendEnv: false,
    reject: false,
    all: true,
    buffer: false,
    // A group of its own, so that one signal reaches everything it started.
    detached: true,
    ...(options.stdin === undefined ? { stdin: "ignore" as const } : { input: options.stdin }),
  });
  let ended: "timeout" | "abort" | undefined;
  const kill = (why: "timeout" | "abort") => {
    ended ??= why;
    killGroup(child.pid);
  };
  const timer = setTimeout(() => kill("timeout"), options.timeoutMs);
  const onAbort = () => kill("abort");
  if (options.signal?.aborted) onAbort();
  options.signal?.addEventListener("abort", onAbort, { once: true });
  let output = "";
  child.all.setEncoding("utf8");
  child.all.on("data", (chunk: string) => {
    output = (output + chunk).slice(-MAX_OUTPUT);
  });
  try {
    // The program's own end counts, not that of a background process that still holds the pipe.
    child.once("exit", () => killGroup(child.pid));
    const result = await child;
    if (result.code === "ENOENT" || result.code === "EACCES") throw result;
    return {
      exitCode: ended === undefined ? result.exitCode : undefined,
      output,
      timedOut: ended === "timeout",
      aborted: ended === "abort",
      durationMs: performance.now() - started,
    };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", onAbort);
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    // ESRCH: the group has ended already, which is what was wanted.
    if (!hasCode(error, "ESRCH")) throw error;
  }
}
