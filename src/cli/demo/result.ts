import { workerRows } from "../../core/workflow/dashboard.ts";
import type { Swarm } from "../../core/workflow/state.ts";
import { CliFailure } from "../failure.ts";

/** The one object `demo --json` prints. */
export interface DemoResult {
  phase: "done";
  commit: string;
  workers: readonly {
    id: string;
    name: string;
    status: string;
    scope: readonly string[];
    durationMs: number;
    tokens: number;
  }[];
  qa: readonly { check: string; command: string; passed: boolean }[];
  /** Begins with "scripted" where no real model took part. */
  model: string;
  /** From the person's first message to the end. */
  durationMs: number;
  /** "edit-only": without bubblewrap Workers have no bash, and only the edit tools hold them to their scope. */
  isolation: "bubblewrap" | "edit-only";
  project?: string;
}

/** Throws where a swarm calls itself done without a commit, which no gate should allow. */
export function demoResult(swarm: Swarm, model: string, durationMs: number): DemoResult {
  if (!swarm.commit)
    throw new CliFailure("The swarm is done, and its log holds no commit. Please report this as a bug.");
  const evidence = swarm.evidence[swarm.commit.tree];
  return {
    phase: "done",
    commit: swarm.commit.commit,
    workers: workerRows(swarm, Date.now()).map(({ id, name, status, scope, durationMs: took, tokens }) => ({
      id,
      name,
      status,
      scope,
      durationMs: took,
      tokens,
    })),
    qa: (evidence?.rows ?? []).map(({ check, command, passed }) => ({ check, command, passed })),
    model,
    durationMs,
    isolation: evidence?.sandboxed ? "bubblewrap" : "edit-only",
  };
}
