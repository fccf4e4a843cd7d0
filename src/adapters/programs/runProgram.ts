import { randomUUID } from "node:crypto";
import { StringDecoder } from "node:string_decoder";
import { execa } from "execa";
import type { ProgramEnd } from "../../core/executors/runResult.ts";
import { GUARD } from "./guard.ts";
import { signalGroup } from "./signalGroup.ts";

export interface ProgramRun {
  /** Absolute path, or a name on PATH. */
  program: string;
  args: readonly string[];
  cwd: string;
  /** The whole environment: nothing is inherited. */
  env: Readonly<Record<string, string | undefined>>;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
  /** Every piece of standard output, and of the other where `log` is given. */
  onStdout?(text: string): void;
  log?(text: string): void;
}

/** Characters kept of each stream: its end. */
const TAIL = 65_536;
/** Between the polite signal and the end of everything (ms). */
const PATIENCE_MS = 5_000;
/** The longest delay a timer takes (ms). */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Runs a program to its end, its input closed, in a process group of its own. On time-out and abort, and when this process
 * dies, everything it started dies with it; after its own end nothing is left either. Never rejects for what the program does.
 */
export async function runProgram(run: ProgramRun): Promise<ProgramEnd & { durationMs: number }> {
  const started = performance.now();
  if (run.signal?.aborted)
    return { exitCode: undefined, endedBy: "cancelled", stdoutTail: "", stderrTail: "", durationMs: 0 };
  const child = execa("sh", ["-c", GUARD, "guard", randomUUID(), run.program, ...run.args], {
    cwd: run.cwd,
    env: { ...run.env },
    extendEnv: false,
    detached: true,
    reject: false,
    buffer: false,
    stdin: "pipe",
  });
  const stdout = new Tail((text) => {
    run.onStdout?.(text);
    run.log?.(text);
  });
  const stderr = new Tail((text) => run.log?.(text));
  child.stdout.on("data", (bytes: Buffer) => stdout.take(bytes));
  child.stderr.on("data", (bytes: Buffer) => stderr.take(bytes));

  let endedBy: ProgramEnd["endedBy"];
  let last: NodeJS.Timeout | undefined;
  const end = (why: "timeout" | "cancelled") => {
    if (endedBy !== undefined) return;
    endedBy = why;
    signalGroup(child.pid, "SIGTERM");
    // The guard ends all of it as soon as its input closes.
    last = setTimeout(() => child.stdin.destroy(), PATIENCE_MS);
  };
  const deadline = setTimeout(() => end("timeout"), Math.min(run.timeoutMs, LONGEST_TIMER));
  const cancel = () => end("cancelled");
  run.signal?.addEventListener("abort", cancel);
  try {
    const result = await child;
    stdout.close();
    stderr.close();
    const failed = result.exitCode === undefined && result.signal === undefined ? (result.shortMessage ?? "") : "";
    return {
      exitCode: result.exitCode,
      ...(endedBy === undefined ? {} : { endedBy }),
      stdoutTail: stdout.text,
      stderrTail: stderr.text === "" ? failed : stderr.text,
      durationMs: Math.round(performance.now() - started),
    };
  } finally {
    clearTimeout(deadline);
    clearTimeout(last);
    run.signal?.removeEventListener("abort", cancel);
  }
}

/** Decodes a stream and keeps its end. */
class Tail {
  text = "";
  private readonly decoder = new StringDecoder("utf8");
  private readonly pass: (text: string) => void;

  constructor(pass: (text: string) => void) {
    this.pass = pass;
  }

  take(bytes: Buffer): void {
    this.add(this.decoder.write(bytes));
  }

  close(): void {
    this.add(this.decoder.end());
  }

  private add(text: string): void {
    if (text === "") return;
    this.text = (this.text + text).slice(-TAIL);
    this.pass(text);
  }
}
