import type { RouteFailure } from "../core/routing/failure.ts";
import type { LimitWindow } from "../core/routing/limits/window.ts";
import type { Tier } from "../core/routing/specialists.ts";
import type { FusionMode, Reason } from "../core/routing/verdict.ts";

/** A piece of work that is about to start. */
export interface PolicyQuestion {
  /** What it is; for the log. */
  kind: "session" | "subagent" | "job" | "cli";
  /** With or without a prefix. */
  agent: string;
  /** Whatever names the work: the share that `auto` sends away hangs on it. */
  session: string;
  /** The task's text, for rules about words. */
  task?: string | undefined;
  /** In place of the mode that is switched on. */
  mode?: FusionMode | undefined;
  /** Providers that failed this piece of work already: none of them is the answer. */
  failed?: readonly string[] | undefined;
}

export interface PolicyAnswer {
  /** The registry's id: `local`, `claude`, `openai`, `gemini`, `zai` or one of the configuration's own. */
  provider: string;
  /** As the provider's API names it. */
  model: string;
  /** The same in OpenCode's words. */
  host: { providerID: string; modelID: string };
  tier: Tier;
  reason: Reason;
}

/** A run that failed, typed. */
export interface FailedRun {
  session: string;
  agent: string;
  /** The registry's id. */
  provider: string;
  failure: RouteFailure;
}

/** Where whatever is about to start a model's work asks who does it, and tells how it went. */
export interface PolicyDesk {
  /**
   * Which provider and model does the work, and why.
   * @throws ExternalBlocked where a rule stops it, UnknownAgent for a name nobody knows, NobodyLeft where all that may do it
   * have failed.
   */
  ask(question: PolicyQuestion): Promise<PolicyAnswer>;
  /**
   * A run was given up: its provider rests as the failure says, for everybody. A Retry-After is kept to the letter.
   * @returns whether somebody else can do the work.
   */
  runFailed(run: FailedRun): boolean;
  /** Limits that a stream's events or an answer's headers told. */
  heard(windows: readonly LimitWindow[]): void;
}
