import type { RunTokens } from "../core/executors/transcript.ts";

export interface PoolRequest {
  prompt: string;
  /** One that OpenCode does not have is its default one, as in `opencode run`. */
  agent?: string | undefined;
  /** As OpenCode names it: `provider/model`. */
  model?: string | undefined;
}

export interface PoolAnswer {
  text: string;
  /** OpenCode's session that gave it. */
  session: string;
  tokens: RunTokens;
  /** What OpenCode or the model called an error; the server is well. */
  error?: string;
}

/** One server of the pool. */
export interface PoolServer {
  readonly port: number;
  /** Rejects with ServerLostError when the server ends or is stopped meanwhile, with the signal's reason on an abort. */
  ask(request: PoolRequest, signal: AbortSignal): Promise<PoolAnswer>;
  /** Whether it answers within a time of its own. */
  healthy(): Promise<boolean>;
  /** Resolves when its process has ended, whyever. */
  readonly ended: Promise<void>;
  /** Politely, then by force; nothing it started is left. Idempotent. */
  stop(): Promise<void>;
}

/** Starts servers. */
export interface PoolServers {
  /** @returns "taken" where another program has the port. @throws where it does not come up */
  start(port: number): Promise<PoolServer | "taken">;
}

/** The server went away under a request: another one can do it. */
export class ServerLostError extends Error {
  override readonly name = "ServerLostError";
}
