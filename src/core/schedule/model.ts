import type { Budget, BudgetSettings, ServerLoad } from "./budget.ts";
import { DEFAULT_BUDGET } from "./budget.ts";
import type { CacheMirror } from "./cacheMirror.ts";

/** Who asks. A job is work outside any chat; a person is a chat that is not the swarm's. */
export type UnitRole = "commander" | "worker" | "scout" | "librarian" | "job" | "person";

/** A model request that waits for its turn. */
export interface Waiting {
  request: string;
  session: string;
  /** The swarm, or the person's chat, it belongs to: turns are shared between owners. */
  owner: string;
  role: UnitRole;
  /** Tokens the session will have in the KV cache, prompt and answer, without the opening that another one is counted with. */
  tokens: number;
  /** When it came (ms). */
  since: number;
  /** Arrival number. */
  seq: number;
}

/** A session whose prefix is, or is about to be, in the server's KV cache. It keeps its place between its requests, while
 * its tools run and as long as the server forgot nothing of it. Times in ms. */
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

/** What the sessions of one role of one swarm begin with alike: prompt, tools and briefing. The cache has it once. */
export interface Opening {
  owner: string;
  role: UnitRole;
  /** The session it is counted with. */
  session: string;
  tokens: number;
}

export interface AdmissionSettings extends BudgetSettings {
  /** A session that sent nothing for this long gives its place up, whatever is left of it (ms). */
  holdMs: number;
  /** Part of a role's smallest request that all of its sessions begin with, 0 to 1. */
  openingShare: number;
  /** Part of the budget that is full enough for a session whose prefix is not in the cache, 0 to 1: the rest is what those
   * under way grow by, and what those between two requests left. */
  freshShare: number;
  /** A session between two requests is spared when the server would forget so many times as much as is taken until it is
   * back, before it forgets that session. */
  keepFactor: number;
  /** Who waited longer than this goes before sessions that had their turn (ms). */
  patienceMs: number;
  /** A turn: how long a session may keep its place while somebody's patience is over (ms). */
  turnMs: number;
}

/**
 * Measured with `bench:admission` over forty seeds: 6 to 40 s for `holdMs` are alike, since most lose their blocks before; 0.7
 * to 0.8 for `freshShare` and 3 to 8 for `keepFactor` differ by less than chance. A Worker's prompt, tools and briefing are
 * four fifths of its first request. A person looks up after about a minute's silence.
 */
export const DEFAULT_ADMISSION: AdmissionSettings = {
  ...DEFAULT_BUDGET,
  holdMs: 15_000,
  openingShare: 0.8,
  freshShare: 0.75,
  keepFactor: 5,
  patienceMs: 60_000,
  turnMs: 180_000,
};

export interface Admission {
  budget: Budget;
  queue: readonly Waiting[];
  residents: readonly Resident[];
  /** Sessions that gave their place up in the middle of their work. */
  begun: readonly string[];
  /** What is in the server's cache; undefined until its size is known. */
  cache?: CacheMirror;
  openings: readonly Opening[];
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
