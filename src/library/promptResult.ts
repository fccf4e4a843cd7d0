import { failureFromWords, type RunFailure } from "../core/executors/cliFailure.ts";
import type { RunTokens } from "../core/executors/transcript.ts";
import type { PoolAnswer } from "../ports/poolServers.ts";
import { messageOf } from "../ports/thrown.ts";

/** What became of one prompt. */
export interface PromptResult {
  /** The answer. */
  stdout: string;
  /** What went wrong, where something did. */
  stderr: string;
  exitCode: number;
  /** ms. */
  executionTime: number;
  tokens: RunTokens;
  /** OpenCode's session, where there was one. */
  session?: string;
  failure?: RunFailure;
}

export interface PromptOptions {
  /** One that OpenCode does not have is its default one, as in `opencode run`. */
  agent?: string | undefined;
  /** As OpenCode names it; default: the one in OpenCode's configuration. */
  model?: string | undefined;
  /** ms; default `opencode.timeout`. */
  timeout?: number | undefined;
  signal?: AbortSignal | undefined;
}

type Untimed = Omit<PromptResult, "executionTime">;

const EXIT = { timeout: 124, cancelled: 130 } as const;
const NO_TOKENS: RunTokens = { input: 0, output: 0, cached: 0 };

/** The longest delay a timer takes (ms). */
const LONGEST_TIMER = 2 ** 31 - 1;

/** The caller's stop and the time it gave, as one signal. */
export class Deadline {
  readonly signal: AbortSignal;
  private readonly timer: AbortSignal;
  private readonly caller: AbortSignal | undefined;
  private readonly ms: number;

  constructor(ms: number, caller: AbortSignal | undefined) {
    this.ms = ms;
    this.caller = caller;
    this.timer = AbortSignal.timeout(Math.min(Math.max(0, Math.round(ms)), LONGEST_TIMER));
    this.signal = caller ? AbortSignal.any([caller, this.timer]) : this.timer;
  }

  /** What a promise gives, if it does in time. @throws the signal's reason */
  async within<T>(work: Promise<T>): Promise<T> {
    const { signal } = this;
    signal.throwIfAborted();
    const over = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    return await Promise.race([work, over]);
  }

  /** The result for what was thrown where an answer was due. */
  failed(error: unknown): Untimed {
    const kind = this.caller?.aborted ? "cancelled" : this.timer.aborted ? "timeout" : "unknown";
    const message = kind === "timeout" ? `No answer within ${this.ms / 1000} s.` : messageOf(error);
    return failed({ kind, message }, NO_TOKENS);
  }
}

/** The result for an answer: one that OpenCode or the model called an error, and an empty one, are failures. */
export function answered({ text, session, tokens, error }: PoolAnswer): Untimed {
  if (error !== undefined) return { ...failed(failureFromWords(error, undefined, Date.now()), tokens, text), session };
  if (text.trim() === "")
    return { ...failed({ kind: "unknown", message: "OpenCode gave an empty answer." }, tokens), session };
  return { stdout: text, stderr: "", exitCode: 0, tokens, session };
}

function failed(failure: RunFailure, tokens: RunTokens, text = ""): Untimed {
  const exitCode = failure.kind === "timeout" || failure.kind === "cancelled" ? EXIT[failure.kind] : 1;
  return { stdout: text, stderr: failure.message, exitCode, tokens, failure };
}
