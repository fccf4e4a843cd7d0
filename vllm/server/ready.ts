import { setTimeout as pause } from "node:timers/promises";
import OpenAI from "openai";
import { withinTime } from "../../src/ports/timeLimit.ts";
import { LogReader } from "./followLog.ts";
import {
  bareLine,
  factsOf,
  isLater,
  type Mend,
  mendOf,
  type Phase,
  phaseOf,
  type StartupFacts,
} from "./logProgress.ts";

export interface WaitOptions {
  /** Where the server answers, without `/v1`. */
  origin: string;
  servedName: string;
  apiKey: string | undefined;
  log: string;
  /** Whether what was started still runs. */
  alive: () => Promise<boolean>;
  timeoutMs: number;
  signal: AbortSignal;
  onPhase: (phase: Phase) => void;
  /** Every line of the log as it comes. */
  onLine?: (line: string) => void;
}

/** How waiting for a server ended. */
export type Readiness =
  | { kind: "ready"; facts: StartupFacts }
  | { kind: "fatal"; line: string; mend: Mend; facts: StartupFacts }
  | { kind: "ended"; tail: string[] }
  | { kind: "timeout" }
  | { kind: "aborted" };

const POLL_MS = 200;
const TAIL_LINES = 15;

async function isHealthy(origin: string, signal: AbortSignal): Promise<boolean> {
  try {
    return await withinTime(2_000, signal, async (limit) => {
      const response = await fetch(`${origin}/health`, { signal: limit });
      await response.body?.cancel();
      return response.status === 200;
    });
  } catch (error) {
    // Not listening yet, or busy: asked again at the next turn.
    if (error instanceof Error) return false;
    throw error;
  }
}

/** Asks for one token. True when it came. */
async function completes(options: WaitOptions): Promise<boolean> {
  const client = new OpenAI({
    baseURL: `${options.origin}/v1`,
    apiKey: options.apiKey ?? "none",
    maxRetries: 0,
    timeout: 120_000,
  });
  try {
    const answer = await client.chat.completions.create(
      { model: options.servedName, messages: [{ role: "user", content: "Say ok." }], max_tokens: 1 },
      { signal: options.signal },
    );
    return answer.choices.length > 0;
  } catch (error) {
    if (error instanceof OpenAI.APIError) return false;
    throw error;
  }
}

/**
 * Waits until a server answers `/health` and one token, reading its log on the way. Ends early at a line that no start
 * recovers from and when the process has ended.
 */
export async function waitUntilReady(options: WaitOptions): Promise<Readiness> {
  const reader = new LogReader(options.log);
  const until = Date.now() + options.timeoutMs;
  const tail: string[] = [];
  let facts: StartupFacts = {};
  let phase: Phase | undefined;
  const seen: { fatal: { line: string; mend: Mend } | undefined } = { fatal: undefined };
  const read = async () => {
    for (const line of await reader.lines()) {
      options.onLine?.(line);
      tail.push(line);
      if (tail.length > TAIL_LINES) tail.shift();
      facts = { ...facts, ...factsOf(line) };
      const next = phaseOf(line);
      if (next !== undefined && isLater(next, phase)) {
        options.onPhase(next);
        phase = next;
      }
      const mend = mendOf(line);
      // The first one is the cause; later ones are other processes repeating it.
      if (mend !== undefined) seen.fatal ??= { line: bareLine(line), mend };
    }
  };
  for (;;) {
    if (options.signal.aborted) return { kind: "aborted" };
    const alive = await options.alive();
    await read();
    if (seen.fatal) return { kind: "fatal", ...seen.fatal, facts };
    if (!alive) return { kind: "ended", tail };
    if ((await isHealthy(options.origin, options.signal)) && (await completes(options))) {
      await read();
      return { kind: "ready", facts };
    }
    if (Date.now() >= until) return { kind: "timeout" };
    await pause(POLL_MS);
  }
}
