import { isTheWaysFault } from "../core/executors/cliFailure.ts";
import type { RunMode } from "../core/executors/taskAnalysis.ts";
import { messageOf } from "../ports/thrown.ts";
import { executeViaCLI } from "./executeViaCLI.ts";
import { OpenCodeAcp } from "./openCodeAcp.ts";
import { OpenCodeServerPool } from "./openCodeServerPool.ts";
import { Deadline, type PromptOptions, type PromptResult } from "./promptResult.ts";

/** A way that failed, and why. */
export interface FailedWay {
  mode: RunMode;
  reason: string;
}

export interface WayResult extends PromptResult {
  /** How it was done in the end. */
  mode: RunMode;
  /** What was tried before, in order. */
  fallbacks: FailedWay[];
}

export interface WayExecution extends PromptOptions {
  timeout: number;
  model: string;
  /** Tried in turn, once each. */
  modes: readonly RunMode[];
  /** Gets what is said, as it comes, where the way tells it. */
  log?: ((text: string) => void) | undefined;
}

interface WaySettings {
  projectDir: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Notes for whoever looks after it. */
  log(message: string): void;
}

/** OpenCode's three ways to do a prompt. A warm process is started by the first prompt that wants it and ends with `close`. */
export class OpenCodeWays {
  private readonly settings: WaySettings;
  private acp: OpenCodeAcp | undefined;
  private pool: Promise<OpenCodeServerPool> | undefined;

  constructor(settings: WaySettings) {
    this.settings = settings;
  }

  /**
   * Does one prompt by the first of `modes`, and by the next where the way itself failed. All of them share one time limit.
   * A failure is in the result.
   */
  async execute(prompt: string, { modes, timeout, ...rest }: WayExecution): Promise<WayResult> {
    const started = performance.now();
    const fallbacks: FailedWay[] = [];
    for (const [at, mode] of modes.entries()) {
      const left = Math.max(1, Math.round(timeout - (performance.now() - started)));
      const result = await this.by(mode, prompt, { ...rest, modes, timeout: left });
      const last = at === modes.length - 1;
      if (last || result.failure === undefined || !isTheWaysFault(result.failure)) {
        return { ...result, mode, fallbacks, executionTime: Math.round(performance.now() - started) };
      }
      fallbacks.push({ mode, reason: result.failure.message });
      this.settings.log(`${mode} failed (${result.failure.message}); ${modes[at + 1]} is tried`);
    }
    throw new RangeError("No way was given.");
  }

  /** Ends the warm processes. */
  async close(): Promise<void> {
    await this.acp?.shutdown();
    const pool = await this.pool?.catch(() => undefined);
    await pool?.shutdown();
  }

  private async by(mode: RunMode, prompt: string, { log, modes: _, ...options }: WayExecution): Promise<PromptResult> {
    const { projectDir, env } = this.settings;
    const deadline = new Deadline(options.timeout, options.signal);
    try {
      if (mode === "acp") {
        this.acp ??= new OpenCodeAcp({ projectDir, env });
        return await this.acp.execute(prompt, {
          ...options,
          onUpdate: (update) => update.kind === "text" && log?.(update.text),
        });
      }
      if (mode === "serve") {
        const result = await (await deadline.race(this.servers())).execute(prompt, options);
        log?.(`${result.stdout}\n`);
        return result;
      }
    } catch (error) {
      if (deadline.signal.aborted) return { ...deadline.failed(error), executionTime: 0 };
      return unstarted(messageOf(error));
    } finally {
      deadline.clear();
    }
    const ran = await executeViaCLI({
      ...options,
      provider: "opencode",
      prompt,
      projectDir,
      env,
      ...(log ? { log } : {}),
    });
    const { stdout, stderr, exitCode, duration, usage, failure, session } = ran;
    return {
      ...{ stdout, stderr, exitCode, tokens: usage, executionTime: duration },
      ...(failure ? { failure } : {}),
      ...(session === undefined ? {} : { session }),
    };
  }

  private servers(): Promise<OpenCodeServerPool> {
    const start = async () => {
      const { projectDir, env, log } = this.settings;
      const pool = new OpenCodeServerPool({ projectDir, env, log, runWithout: false });
      try {
        await pool.initialize();
      } catch (error) {
        await pool.shutdown();
        throw error;
      }
      return pool;
    };
    this.pool ??= start();
    return this.pool;
  }
}

function unstarted(message: string): PromptResult {
  const tokens = { input: 0, output: 0, cached: 0 };
  return { stdout: "", stderr: message, exitCode: 127, executionTime: 0, tokens, failure: { kind: "tool", message } };
}
