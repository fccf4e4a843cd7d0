import type { Io } from "../io.ts";
import type { MessageKey } from "../messages/catalogue.ts";
import type { Facts } from "./facts/facts.ts";

/** The stable name of a check. Every one has a title in the catalogue (`doctor.title.<name>`), so none goes without. */
export type CheckName = {
  [Key in MessageKey]: Key extends `doctor.title.${infer Name}` ? Name : never;
}[MessageKey];

/** Headings of the report, in its order. */
export const groups = ["machine", "project", "opencode", "server", "swarm", "deep"] as const;
export type Group = (typeof groups)[number];

/** What one check found. Texts are in the person's language. */
export interface Finding {
  status: "ok" | "warn" | "fail" | "skip";
  /** What was found, or why it was not looked at. */
  seen: string;
  /** How to mend it: a command or a line to write. Always there for warn and fail. */
  mend?: string;
  /** Figures behind it, for `--json`. */
  data?: Record<string, unknown>;
}

/** A finding with its check's name, as `--json` has it. */
export interface CheckRow extends Finding {
  name: CheckName;
  title: string;
  group: Group;
  /** Wall time, milliseconds; waiting for other checks and shared look-ups included. */
  ms: number;
}

export interface CheckContext {
  io: Io;
  /** A sentence in the person's language. */
  say: (key: MessageKey, parameters?: Readonly<Record<string, string | number>>) => string;
  /** What several checks ask; each is looked up once a run. */
  facts: Facts;
}

/** One thing that has to be right. Checks run side by side; a throw is a failed check with the error's words. */
export interface Check {
  name: CheckName;
  group: Group;
  /** Checks that must not have failed or been skipped, or this one is skipped and names them. They stand earlier in the list. */
  needs?: readonly CheckName[];
  /** Only with `--deep`. */
  deep?: boolean;
  /** Milliseconds from its start (its needs ended) to a failed check; `standardLimitMs` where absent. */
  limitMs?: number;
  run(context: CheckContext, signal: AbortSignal): Finding | Promise<Finding>;
}

/** OpenCode's start may take over a minute offline, and a first answer may wait behind a busy GPU's queue. */
export const standardLimitMs = 150_000;

export const ok = (seen: string, data?: Record<string, unknown>): Finding => ({
  status: "ok",
  seen,
  ...(data ? { data } : {}),
});
export const warn = (seen: string, mend: string, data?: Record<string, unknown>): Finding => ({
  status: "warn",
  seen,
  mend,
  ...(data ? { data } : {}),
});
export const fail = (seen: string, mend: string, data?: Record<string, unknown>): Finding => ({
  status: "fail",
  seen,
  mend,
  ...(data ? { data } : {}),
});
/** Not looked at: it does not apply here, or something it needs is missing. */
export const skip = (seen: string): Finding => ({ status: "skip", seen });
