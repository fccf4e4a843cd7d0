import { resolve } from "node:path";
import { startAcpAgent } from "../adapters/opencode/acpAgent.ts";
import { findProgram } from "../adapters/programs/findProgram.ts";
import { stateHome } from "../config/stateHome.ts";
import type { AgentProcess, AgentUpdate } from "../ports/agentProcess.ts";
import { CallLog } from "./callLog.ts";
import { loadedConfig } from "./loadedConfig.ts";
import { answered, Deadline, type PromptOptions, type PromptResult } from "./promptResult.ts";

export interface AcpOptions {
  /** Default: the working directory. */
  projectDir?: string;
  /** Default: this process's. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Between two looks at the process while it works (ms); default 30,000. */
  healthEvery?: number;
  /** Gets what happens to the process. */
  log?: (message: string) => void;
}

export interface AcpExecution extends PromptOptions {
  /** Gets the answer, thoughts and tool calls as they come. */
  onUpdate?: ((update: AgentUpdate) => void) | undefined;
}

const START_MS = 30_000;
const STOP_MS = 5_000;
const HEALTH_MS = 5_000;

/**
 * One `opencode acp` process, spoken to by the Agent Client Protocol: prompts at once, a session each, and everything they do
 * as it happens. Nobody is there to answer: what it asks leave for is refused. A process that ended is started anew by the
 * next prompt.
 */
export class OpenCodeAcp {
  private readonly settings: Parameters<typeof startAcpAgent>[0];
  private readonly timeout: number;
  private readonly log: (message: string) => void;
  private readonly calls: CallLog;
  private agent: Promise<AgentProcess> | undefined;
  private closed = false;

  /** @throws ConfigurationError; Error where there is no OpenCode */
  constructor(options: AcpOptions = {}) {
    const { env = process.env, healthEvery = 30_000 } = options;
    const projectDir = resolve(options.projectDir ?? process.cwd());
    const { config, home } = loadedConfig(projectDir, env);
    const program = findProgram([config.opencode.command], env.PATH);
    if (program === undefined)
      throw new Error(`No program ${config.opencode.command} was found on PATH. Install OpenCode 1.18.`);
    const stateDir = stateHome(env, home);
    this.timeout = config.opencode.timeout;
    this.log = options.log ?? (() => undefined);
    this.calls = new CallLog(stateDir, this.log);
    this.settings = {
      program,
      projectDir,
      env,
      stateDir,
      startTimeoutMs: START_MS,
      stopTimeoutMs: STOP_MS,
      healthEveryMs: healthEvery,
      healthTimeoutMs: HEALTH_MS,
    };
  }

  /** Starts the process. @throws Error where it does not come up within 30 s */
  async initialize(): Promise<void> {
    await this.process();
  }

  /** Gives it one prompt and waits for the answer. A failure is in the result. Tokens are those of the last model request. */
  async execute(prompt: string, options: AcpExecution = {}): Promise<PromptResult> {
    const started = performance.now();
    const { agent, model, timeout = this.timeout, onUpdate } = options;
    const deadline = new Deadline(timeout, options.signal);
    const work = async () => {
      const process = await deadline.race(this.process());
      return answered(await process.ask({ prompt, agent, model }, deadline.signal, onUpdate));
    };
    const ended = await work()
      .catch((error: unknown) => deadline.failed(error))
      .finally(() => deadline.clear());
    const result = { ...ended, executionTime: Math.round(performance.now() - started) };
    this.calls.note({ via: "acp", agent, model, prompt: prompt.length, ...result });
    return result;
  }

  /** Ends the process, and what it works on. */
  async shutdown(): Promise<void> {
    this.closed = true;
    const running = await this.agent?.catch(() => undefined);
    await running?.stop();
  }

  private process(): Promise<AgentProcess> {
    if (this.closed) return Promise.reject(new Error("It is shut down."));
    if (this.agent === undefined) {
      const starting = startAcpAgent(this.settings);
      this.agent = starting;
      const forget = () => {
        if (this.agent === starting) this.agent = undefined;
      };
      starting.then(({ ended }) => ended.then(() => this.log("opencode acp ended")).then(forget), forget);
    }
    return this.agent;
  }
}
