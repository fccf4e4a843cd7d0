import type { PoolAnswer, PoolRequest } from "./poolServers.ts";

/** What an agent tells while it works. */
export type AgentUpdate =
  /** A piece of what it says, in order; pieces of one message name the same one. */
  | { kind: "text"; text: string; message: string | undefined }
  /** A piece of its thinking. */
  | { kind: "thought"; text: string }
  /** A tool call, told again whenever its state changes. */
  | { kind: "tool"; id: string; title: string; status: "pending" | "in_progress" | "completed" | "failed" }
  /** Something nobody was there to allow: it was refused. */
  | { kind: "refused"; title: string };

/** One agent's process, spoken to by a protocol; several prompts at once, a session each. */
export interface AgentProcess {
  /**
   * Rejects with ServerLostError when the process ends, stops answering or is stopped meanwhile; with the signal's reason on
   * an abort, which ends the agent's work as well.
   */
  ask(request: PoolRequest, signal: AbortSignal, onUpdate?: (update: AgentUpdate) => void): Promise<PoolAnswer>;
  /** Resolves when the process has ended, whyever. */
  readonly ended: Promise<void>;
  /** Politely, then by force; nothing it started is left. Idempotent. */
  stop(): Promise<void>;
}
