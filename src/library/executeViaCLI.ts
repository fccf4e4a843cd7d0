import { resolve } from "node:path";
import { findProgram } from "../adapters/programs/findProgram.ts";
import { runCli } from "../adapters/programs/runCli.ts";
import type { RunFailure, RunFailureKind } from "../core/executors/cliFailure.ts";
import { cliOf, PROGRAMS } from "../core/executors/invocation.ts";
import type { RunTokens } from "../core/executors/transcript.ts";
import type { LimitWindow } from "../core/routing/limits/window.ts";
import { loadedConfig } from "./loadedConfig.ts";

export interface CliRequest {
  /** Any name a provider has; "google" is gemini, "local" is OpenCode with the house's model. */
  provider: "openai" | "google" | "gemini" | "claude" | "opencode" | "local" | (string & {});
  /** As the command line names it. OpenCode's is `provider/model`; left out, it is the configured `model`. */
  model?: string | undefined;
  prompt: string;
  /** Default: the working directory. */
  projectDir?: string | undefined;
  /** ms; default 300,000. */
  timeout?: number | undefined;
  /** An agent of OpenCode's. */
  agent?: string | undefined;
  signal?: AbortSignal | undefined;
  /** Default: this process's. */
  env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Gets everything the program writes, as it comes. */
  log?: ((text: string) => void) | undefined;
}

export interface CliResult {
  success: boolean;
  /** The answer; where the run failed without one, the end of what the program wrote. */
  stdout: string;
  /** The end of what it wrote there. */
  stderr: string;
  /** 124 where it was out of time, 130 where it was stopped, 127 where it could not be run, as shells say it. */
  exitCode: number;
  /** ms. */
  duration: number;
  usage: RunTokens;
  /** The command line's own id of the run. */
  session?: string;
  /** What it told of the provider's limits. */
  limits: readonly LimitWindow[];
  /** Only where `success` is false. */
  failure?: RunFailure;
}

const TIMEOUT_MS = 300_000;
const EXIT: Partial<Record<RunFailureKind, number>> = { timeout: 124, cancelled: 130, tool: 127 };

/**
 * Gives one prompt to a provider's own command line and waits for its end. The call names the provider, so no policy is
 * asked here: `ParallelExecutor` and jobs do that.
 *
 * @throws RangeError for a provider without a command line; ConfigurationError where OpenCode's model must be read from a
 * configuration that cannot be used
 */
export async function executeViaCLI(request: CliRequest): Promise<CliResult> {
  const cli = cliOf(request.provider);
  if (cli === undefined)
    throw new RangeError(`No command line runs "${request.provider}": use openai, google, claude or opencode.`);
  const projectDir = resolve(request.projectDir ?? process.cwd());
  const env = request.env ?? process.env;
  // OpenCode without a model takes a hosted one where it finds no configuration: it is always told.
  const { config } = cli === "opencode" ? loadedConfig(projectDir, env) : {};
  const model = request.model ?? config?.model;
  if (model === undefined) throw new RangeError(`A run of ${cli} needs a model.`);
  const command = config?.opencode.command;
  const run = await runCli({
    cli,
    model,
    prompt: request.prompt,
    projectDir,
    env,
    timeoutMs: request.timeout ?? config?.opencode.timeout ?? TIMEOUT_MS,
    agent: request.agent,
    before: config?.opencode.args,
    program: command === "opencode" ? undefined : command,
    signal: request.signal,
    ...(request.log ? { log: request.log } : {}),
  });
  const { failure } = run;
  return {
    success: failure === undefined,
    stdout: run.text === "" && failure ? run.stdoutTail : run.text,
    stderr: run.stderr === "" && failure ? failure.message : run.stderr,
    exitCode: run.exitCode ?? (failure && EXIT[failure.kind]) ?? 1,
    duration: run.durationMs,
    usage: run.tokens,
    limits: run.limits,
    ...(run.session === undefined ? {} : { session: run.session }),
    ...(failure ? { failure } : {}),
  };
}

/** Whether a provider's command line is on PATH. */
export function detectCLI(provider: string): boolean {
  const cli = cliOf(provider);
  return cli !== undefined && findProgram(PROGRAMS[cli], process.env.PATH) !== undefined;
}
