import { resolve } from "node:path";
import { OpenCodeServers } from "../adapters/opencode/poolServers.ts";
import { findProgram } from "../adapters/programs/findProgram.ts";
import { stateHome } from "../config/stateHome.ts";
import { PoolError } from "../runtime/pool/poolError.ts";
import { ServerPool } from "../runtime/pool/serverPool.ts";
import { CallLog } from "./callLog.ts";
import { executeViaCLI } from "./executeViaCLI.ts";
import { loadedConfig } from "./loadedConfig.ts";
import { answered, Deadline, type PromptOptions, type PromptResult } from "./promptResult.ts";

export interface PoolOptions {
  /** Servers that always stay; default 1. */
  minServers?: number;
  /** Default 5, at most 25. A server takes 0.6 to 0.7 GB. */
  maxServers?: number;
  /** Default 4096; ports that are taken are passed over. */
  basePort?: number;
  /** Default true. */
  autoScale?: boolean;
  /** Default: the working directory. */
  projectDir?: string;
  /** Default: this process's. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Between two looks at every server (ms); default 30,000. */
  healthEvery?: number;
  /** Default true: where no server comes up, a prompt is one `opencode run`. */
  runWithout?: boolean;
  /** Gets what happens to servers. */
  log?: (message: string) => void;
}

/** How one prompt is done. */
export type PoolExecution = PromptOptions;

export interface PoolResult extends PromptResult {
  /** "run" where no server came up. */
  via: "serve" | "run";
}

const START_MS = 30_000;
const STOP_MS = 5_000;
const HEALTH_MS = 5_000;

/** Warm `opencode serve` processes and the prompts between them. Where none comes up, a prompt is one `opencode run`. */
export class OpenCodeServerPool {
  private readonly pool: ServerPool;
  private readonly projectDir: string;
  private readonly env: Readonly<Record<string, string | undefined>>;
  private readonly runWithout: boolean;
  private readonly calls: CallLog;
  private readonly defaults: { model: string; timeout: number };

  /** @throws ConfigurationError; RangeError for numbers that are none; Error where there is no OpenCode */
  constructor(options: PoolOptions = {}) {
    const { minServers = 1, maxServers = 5, basePort = 4096, autoScale = true } = options;
    if (!whole(minServers, 1, 25) || !whole(maxServers, minServers, 25) || !whole(basePort, 1, 65_535))
      throw new RangeError("Give 1 to 25 servers, maxServers not below minServers, and a basePort from 1 to 65535.");
    this.projectDir = resolve(options.projectDir ?? process.cwd());
    this.env = options.env ?? process.env;
    const { config, home } = loadedConfig(this.projectDir, this.env);
    const program = findProgram([config.opencode.command], this.env.PATH);
    if (program === undefined)
      throw new Error(`No program ${config.opencode.command} was found on PATH. Install OpenCode 1.18.`);
    this.runWithout = options.runWithout ?? true;
    this.defaults = { model: config.model, timeout: config.opencode.timeout };
    const stateDir = stateHome(this.env, home);
    this.calls = new CallLog(stateDir, options.log ?? (() => undefined));
    const servers = new OpenCodeServers({
      program,
      projectDir: this.projectDir,
      env: this.env,
      stateDir,
      startTimeoutMs: START_MS,
      stopTimeoutMs: STOP_MS,
      healthTimeoutMs: HEALTH_MS,
    });
    this.pool = new ServerPool(servers, {
      minServers,
      maxServers,
      basePort,
      autoScale,
      healthEveryMs: options.healthEvery ?? 30_000,
      now: () => performance.now(),
      log: options.log ?? (() => undefined),
    });
  }

  /** Starts the servers that always stay. @throws PoolError where none comes up within 30 s */
  async initialize(): Promise<{ activeServers: number; idleServers: number; busyServers: number }> {
    await this.pool.initialize();
    const { activeServers, idleServers, busyServers } = this.pool.status();
    return { activeServers, idleServers, busyServers };
  }

  /** Gives one prompt to a server of the pool and waits for its answer. A failure is in the result. */
  async execute(prompt: string, options: PoolExecution = {}): Promise<PoolResult> {
    const started = performance.now();
    const { agent, model, timeout = this.defaults.timeout } = options;
    const deadline = new Deadline(timeout, options.signal);
    const { signal } = deadline;
    const end = (result: Omit<PromptResult, "executionTime">, via: PoolResult["via"]): PoolResult => {
      const whole = { ...result, via, executionTime: Math.round(performance.now() - started) };
      this.calls.note({ agent, model, prompt: prompt.length, ...whole });
      return whole;
    };
    try {
      return end(answered(await this.pool.execute({ prompt, agent, model }, signal)), "serve");
    } catch (error) {
      if (!this.runWithout || !(error instanceof PoolError && error.code === "empty") || signal.aborted)
        return end(deadline.failed(error), "serve");
      const ran = await executeViaCLI({
        provider: "opencode",
        prompt,
        agent,
        model: model ?? this.defaults.model,
        timeout,
        signal,
        projectDir: this.projectDir,
        env: this.env,
      });
      const { stdout, stderr, exitCode, usage: tokens, failure } = ran;
      return end({ stdout, stderr, exitCode, tokens, ...(failure ? { failure } : {}) }, "run");
    } finally {
      deadline.clear();
    }
  }

  /** The server that would get the next prompt; undefined where every place is taken. */
  getAvailableServer(): { port: number; status: "idle" | "busy"; busyCount: number } | undefined {
    const found = this.pool.available();
    return found && { ...found, status: found.busyCount === 0 ? "idle" : "busy" };
  }

  getStatus() {
    return this.pool.status();
  }

  /** Ends every server. */
  async shutdown(): Promise<void> {
    await this.pool.shutdown();
  }
}

function whole(value: number, from: number, to: number): boolean {
  return Number.isInteger(value) && value >= from && value <= to;
}
