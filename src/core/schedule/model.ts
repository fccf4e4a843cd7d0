import type { Budget, BudgetSettings, ServerLoad } from "./budget.ts";
import { DEFAULT_BUDGET } from "./budget.ts";

/** Who asks. A job is work outside any chat; a person is a chat that is not the swarm's. */
export type UnitRole = "commander" | "worker" | "scout" | "librarian" | "job" | "person";

/** A model request that waits for its turn. */
export interface Waiting {
  request: string;
  session: string;
  /** The swarm, or the person's chat, it belongs to: turns are shared between owners. */
  owner: string;
  role: UnitRole;
  /** Tokens the session will have in the KV cache, prompt and answer. */
  tokens: number;
  /** When it came (ms). */
  since: number;
  /** Arrival number. */
  seq: number;
}

/** A session whose prefix is, or is about to be, in the server's KV cache. It keeps its place between its requests, while
 * its tools run: to let others in then would evict what its next request begins with. Times in ms. */
export interface Resident {
  session: string;
  owner: string;
  role: UnitRole;
  tokens: number;
  since: number;
  lastUsed: number;
  /** Requests of it that are with the server. */
  active: readonly string[];
}

export interface AdmissionSettings extends BudgetSettings {
  /** A session that sent nothing for this long gives its place up (ms). */
  holdMs: number;
  /** Who waited longer than this goes before sessions that had their turn (ms). */
  patienceMs: number;
  /** A turn: how long a session may keep its place while somebody's patience is over (ms). */
  turnMs: number;
}

/**
 * Most tools answer within a second or two; behind a longer one (a test run) the place does more for somebody else, and what
 * is lost is read again (measured with `bench:admission`: 1.5 to 3 s are alike, 10 s and 60 s are slower). A person looks up
 * after about a minute's silence.
 */
export const DEFAULT_ADMISSION: AdmissionSettings = {
  ...DEFAULT_BUDGET,
  holdMs: 2_500,
  patienceMs: 60_000,
  turnMs: 180_000,
};

export interface Admission {
  budget: Budget;
  queue: readonly Waiting[];
  residents: readonly Resident[];
  /** Sessions that gave their place up in the middle of their work. */
  begun: readonly string[];
  seq: number;
}

/** What happened. `at` in ms. */
export type AdmissionEvent =
  | {
      type: "arrived";
      at: number;
      request: string;
      session: string;
      owner: string;
      role: UnitRole;
      tokens: number;
      /** The session that waits for this one's answer. */
      parent?: string;
    }
  /** The answer ended or broke, or the caller left; also for a request that still waited. */
  | { type: "left"; at: number; request: string }
  /** The session's work is over: its place is free once its last answer ends. */
  | { type: "ended"; at: number; session: string }
  | { type: "load"; at: number; load: ServerLoad }
  | { type: "tick"; at: number };
