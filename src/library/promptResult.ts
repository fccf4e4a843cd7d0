import { failureFromWords, type RunFailure } from "../core/executors/cliFailure.ts";
import type { RunTokens } from "../core/executors/transcript.ts";
import type { PoolAnswer } from "../ports/poolServers.ts";
import { messageOf } from "../ports/thrown.ts";
import { TimeLimit } from "../ports/timeLimit.ts";

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

/** The caller's stop and the time it gave, as one signal. Cleared once nobody waits any more. */
export class Deadline extends TimeLimit {
  private readonly caller: AbortSignal | undefined;

  constructor(ms: number, caller: AbortSignal | undefined) {
    super(ms, ...(caller ? [caller] : []));
    this.caller = caller;
  }

  /** The result for what was thrown where an answer was due. */
  failed(error: unknown): Untimed {
    const kind = this.caller?.aborted ? "cancelled" : this.expired ? "timeout" : "unknown";
    return failed({ kind, message: messageOf(kind === "timeout" ? this.signal.reason : error) }, NO_TOKENS);
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
