import { constants } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { LogReader } from "./followLog.ts";
import { clearGroup, endGroup, type Launched, type LaunchSpec, launch } from "./launch.ts";
import { bareLine, type Mend, mendOf } from "./logProgress.ts";
import type { ProcessId } from "./serverRecord.ts";

export interface Backoff {
  /** First pause, doubled after each end. Milliseconds. */
  firstMs: number;
  longestMs: number;
  /** A run longer than this begins the count anew. Milliseconds. */
  steadyMs: number;
  /** Ends in a row after which it is given up. */
  most: number;
}

/** 1, 2, 4 … 60 seconds; given up after 10 ends within a minute each. */
export const defaultBackoff: Backoff = { firstMs: 1000, longestMs: 60_000, steadyMs: 60_000, most: 10 };

/** How a process ended: its exit code, or the signal's name. */
export type HowEnded = Awaited<Launched["ended"]>;

/** `exit 3`, `signal 9`: as a log says it. */
export function wordEnd({ code, signal }: HowEnded): string {
  if (code !== undefined) return `exit ${code}`;
  const number = Object.entries(constants.signals).find(([name]) => name === signal)?.[1];
  return `signal ${number ?? signal ?? "?"}`;
}

/** Why supervision ended. */
export type SuperviseEnd =
  | { kind: "stopped" }
  | { kind: "ended"; how: HowEnded }
  | { kind: "hopeless"; line: string; mend: Mend }
  | { kind: "gaveUp"; ends: number };

export interface SuperviseOptions {
  spec: LaunchSpec;
  /** False: one run, no restart. */
  restart: boolean;
  backoff: Backoff;
  /** Ends the server and the supervision. */
  signal: AbortSignal;
  /** Time to end in before it is killed, in milliseconds. */
  endMs: number;
  onStart: (id: ProcessId) => void | Promise<void>;
  onEnd: (end: { how: HowEnded; count: number; pauseMs: number }) => void;
  onLine: (line: string) => void;
}

// These do not go away by themselves; a port or a busy GPU may.
const lasting: readonly Mend[] = [
  "mambaBlocks",
  "contextTooLong",
  "noKvMemory",
  "unknownFlag",
  "modelNotFound",
  "oldTransformers",
  "aboveModel",
];

const READ_MS = 100;

/** Runs vLLM while this process lives; restarts it with growing pauses where asked to. Rejects where it cannot be run. */
export async function supervise(options: SuperviseOptions): Promise<SuperviseEnd> {
  const { signal, backoff } = options;
  const reader = new LogReader(options.spec.log);
  const seen: { fatal: { line: string; mend: Mend } | undefined } = { fatal: undefined };
  const lastFatal = () => seen.fatal;
  const read = async () => {
    for (const line of await reader.lines()) {
      options.onLine(line);
      const mend = mendOf(line);
      if (mend !== undefined) seen.fatal ??= { line: bareLine(line), mend };
    }
  };
  for (let ends = 0; ; ) {
    if (signal.aborted) return { kind: "stopped" };
    const startedAt = Date.now();
    seen.fatal = undefined;
    const { id, ended, hold } = await launch(options.spec);
    hold();
    await options.onStart(id);
    const run: { end: HowEnded | undefined } = { end: undefined };
    const over = ended.then((result) => {
      run.end = result;
    });
    while (run.end === undefined && !signal.aborted) {
      await read();
      await Promise.race([over, pause(READ_MS)]);
    }
    if (run.end === undefined) await endGroup(id, options.endMs);
    else clearGroup(id);
    await over;
    await read();
    if (signal.aborted) return { kind: "stopped" };
    const how = run.end ?? { code: undefined, signal: undefined };
    const fatal = lastFatal();
    ends = Date.now() - startedAt >= backoff.steadyMs ? 1 : ends + 1;
    if (fatal && lasting.includes(fatal.mend)) return { kind: "hopeless", ...fatal };
    if (!options.restart) return { kind: "ended", how };
    if (ends >= backoff.most) return { kind: "gaveUp", ends };
    const pauseMs = Math.min(backoff.longestMs, backoff.firstMs * 2 ** (ends - 1));
    options.onEnd({ how, count: ends, pauseMs });
    await pause(pauseMs, undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }
}
