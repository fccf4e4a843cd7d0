import { policySettings } from "../config/policySettings.ts";
import type { Config } from "../config/schema.ts";
import type { RunFailure } from "../core/executors/cliFailure.ts";
import { cliOf } from "../core/executors/invocation.ts";
import { type RunMode, selectStrategy, type TaskSketch } from "../core/executors/taskAnalysis.ts";
import type { RunTokens } from "../core/executors/transcript.ts";
import { makePolicy, type RoutingPolicy } from "../core/routing/policy.ts";
import { policyDesk } from "../policyDesk.ts";
import type { PolicyDesk } from "../ports/policyDesk.ts";
import { isFree, type Target, taskTarget } from "../runtime/executor/taskTarget.ts";
import { executeViaCLI } from "./executeViaCLI.ts";
import { type FailedWay, OpenCodeWays } from "./openCodeWays.ts";

/** One piece of work that a provider is to do. */
export interface ProviderWork {
  /** Names it; where a share of the work leaves the primary, the same name always goes the same way. */
  session: string;
  /** "auto" or "opencode" ask the policy; another name is the provider that the person wants. */
  provider: string;
  /** In place of the policy's; only with a named provider. As that provider names it. */
  model?: string | undefined;
  /** What is known of it: how it is best run hangs on that. */
  task: TaskSketch;
  prompt: string;
  signal?: AbortSignal | undefined;
  log?: ((text: string) => void) | undefined;
  /** Told as soon as it is known who does it, again after a failure. */
  onTarget?: ((target: { provider: string; model: string }) => void) | undefined;
}

export interface ProviderResult {
  success: boolean;
  /** "none" where it was not started. */
  provider: string;
  model?: string;
  agent: string;
  /** How it was run; absent where it was not started. */
  mode?: RunMode;
  /** Ways that failed before. */
  fallbacks: FailedWay[];
  /** The answer. */
  output: string;
  exitCode: number;
  tokens: RunTokens;
  session?: string;
  failure?: RunFailure;
}

/**
 * Gives work to the provider that the routing policy names, in the best way that is there, and tells the policy how it went.
 * After a failure of the provider's it goes on at the next one where the policy has one.
 */
export class ProviderRuns {
  private readonly projectDir: string;
  private readonly env: Readonly<Record<string, string | undefined>>;
  private readonly policy: RoutingPolicy;
  private readonly desk: PolicyDesk;
  private readonly ways: OpenCodeWays;
  private readonly available: { serve: boolean; acp: boolean };

  constructor(options: {
    projectDir: string;
    env: Readonly<Record<string, string | undefined>>;
    home: string;
    config: Config;
    log(message: string): void;
  }) {
    const { projectDir, env, home, config, log } = options;
    this.projectDir = projectDir;
    this.env = env;
    this.policy = makePolicy(policySettings(config));
    this.desk = policyDesk(config, { env, home, log });
    this.ways = new OpenCodeWays({ projectDir, env, log });
    const { ways } = config.opencode;
    this.available = { serve: ways.includes("serve"), acp: ways.includes("acp") };
  }

  async run(work: ProviderWork): Promise<ProviderResult> {
    const { session, provider: wanted, task, signal } = work;
    const { mode, options } = selectStrategy(task, this.available);
    const { agent, timeout } = options;
    const failed: string[] = [];
    let last: ProviderResult | undefined;
    for (;;) {
      const question = { provider: wanted, agent, task: task.description ?? "", session, failed };
      const target = await taskTarget(this.policy, this.desk, question);
      if (!target.ok) return last ?? refused(agent, target.reason);
      const { provider } = target;
      work.onTarget?.({ provider, model: work.model ?? target.model });
      last = await this.at(target, work, { agent, timeout, modes: [mode, ...options.fallback] });
      if (last.failure === undefined) return last;
      const { kind, message: _, ...times } = last.failure;
      if (kind === "cancelled" || signal?.aborted) return last;
      const next = this.desk.runFailed({ session, agent, provider, failure: { kind, ...times } });
      if (!next || !isFree(wanted) || failed.includes(provider)) return last;
      failed.push(provider);
    }
  }

  /** Ends what is kept warm. */
  async close(): Promise<void> {
    await this.ways.close();
  }

  private async at(
    target: Target & { ok: true },
    { provider: wanted, model: asked, task, prompt, signal, log }: ProviderWork,
    { agent, timeout, modes }: { agent: string; timeout: number; modes: RunMode[] },
  ): Promise<ProviderResult> {
    const { provider, model } = { ...target, ...(asked === undefined ? {} : { model: asked }) };
    const { projectDir, env } = this;
    // A provider without a command line of its own is reached through OpenCode, as is the house's own.
    const cli = wanted === "opencode" ? "opencode" : (cliOf(provider) ?? "opencode");
    if (cli === "opencode") {
      const {
        stdout: output,
        tokens,
        exitCode,
        failure,
        mode,
        fallbacks,
        session,
      } = await this.ways.execute(prompt, {
        // Only what somebody named: the agent that the task looks like to the policy need not be one of OpenCode's.
        ...{ agent: task.agent, timeout, modes, signal, log },
        model: asked ?? target.hostModel,
      });
      const rest = { ...(failure ? { failure } : {}), ...(session === undefined ? {} : { session }) };
      return { success: !failure, provider, model, agent, mode, fallbacks, output, exitCode, tokens, ...rest };
    }
    const ran = await executeViaCLI({
      provider,
      model,
      prompt,
      projectDir,
      env,
      timeout,
      signal,
      ...(log ? { log } : {}),
    });
    if (ran.limits.length > 0) this.desk.heard(ran.limits);
    const { success, stdout: output, exitCode, usage: tokens, failure, session } = ran;
    const rest = { ...(failure ? { failure } : {}), ...(session === undefined ? {} : { session }) };
    return { success, provider, model, agent, mode: "run", fallbacks: [], output, exitCode, tokens, ...rest };
  }
}

function refused(agent: string, message: string): ProviderResult {
  return {
    ...{ success: false, provider: "none", agent, fallbacks: [], output: "", exitCode: 1 },
    tokens: { input: 0, output: 0, cached: 0 },
    failure: { kind: "unknown", message },
  };
}
