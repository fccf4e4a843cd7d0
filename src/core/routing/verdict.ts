import type { Tier } from "./specialists.ts";

/** How much of the work leaves the primary. */
export type FusionMode = "off" | "always" | "auto" | "save-tokens";

export const FUSION_MODES: readonly FusionMode[] = ["off", "always", "auto", "save-tokens"];

export type ReasonCode =
  | "fallback"
  | "limit"
  | "fusion-always"
  | "fusion-auto"
  | "save-tokens"
  | "prefer"
  | "rule"
  | "override"
  | "default"
  | "external-blocked";

export interface Reason {
  code: ReasonCode;
  detail: string;
}

/** One thing the policy looked at, in order, and what came of it. */
export interface RouteStep {
  step: "agent" | "fallback" | "limit" | "override" | "rule" | "prefer" | "mode" | "default" | "external";
  outcome: string;
}

/** Where a piece of work goes. */
export interface Routed {
  kind: "routed";
  /** True where it leaves the primary. */
  route: boolean;
  provider: string;
  /** The model's id at the provider. */
  model: string;
  tier: Tier;
  reason: Reason;
  /** The agent's plain name. */
  agent: string;
}

/** The work may not run as the configuration wants it. Never rerouted silently. */
export interface RouteBlocked {
  kind: "blocked";
  rule: "routing.external.enabled";
  /** The provider outside that the configuration led to. */
  wanted: string;
  tier: Tier;
  reason: Reason;
  agent: string;
}

/** Nobody knows this agent. */
export interface UnknownAgent {
  kind: "unknown-agent";
  agent: string;
}

export type Verdict = Routed | RouteBlocked | UnknownAgent;
