import { compileScope, FROM_GIT } from "../scope/contains.ts";
import type { ChangeRow } from "./model.ts";
import type { Swarm } from "./state.ts";

interface Change {
  path: string;
  kind: "added" | "modified" | "deleted";
}

/** Who a changed path belongs to, from scopes, recorded tool calls and sandboxed shells. */
export function attribute(swarm: Swarm, changes: readonly Change[]): ChangeRow[] {
  const scopes = swarm.workers.map((worker) => ({
    worker,
    inScope: compileScope(worker.assignment.fileScope, FROM_GIT),
    shared: compileScope(worker.assignment.sharedReadOnly, FROM_GIT),
  }));
  const commander = new Set([...swarm.commanderWrote, ...(swarm.baseline?.paths ?? [])]);
  return changes.map(({ path, kind }): ChangeRow => {
    const writers = scopes.filter(({ worker }) => worker.wrote.includes(path));
    const stray = writers.find(({ inScope }) => !inScope(path));
    if (stray && writers.length > 1 && !writers.some(({ worker }) => worker.status === "cancelled")) {
      const by = writers.map(({ worker }) => worker.assignment.id).join("+");
      return { path, kind, by, problem: "overlap" };
    }
    if (stray) {
      const problem = stray.shared(path) ? "shared-read-only" : "out-of-scope";
      return { path, kind, by: stray.worker.assignment.id, problem };
    }
    // Live scopes are disjoint, but one may be given again after its Worker ended: the last to write answers for it.
    const owner = writers.at(-1) ?? scopes.findLast(({ inScope }) => inScope(path));
    if (owner) return { path, kind, by: owner.worker.assignment.id };
    return { path, kind, by: commander.has(path) ? "commander" : "person" };
  });
}

/** Paths a commit of this swarm may hold: in a scope, or the Commander's; never the person's dirty files. */
export function committable(swarm: Swarm, changes: readonly Change[]): string[] {
  const dirty = new Set(swarm.dirty);
  return attribute(swarm, changes)
    .filter((row) => row.by !== "person" && !row.problem && !dirty.has(row.path))
    .map((row) => row.path);
}
