import type { Role } from "../roles.ts";
import { compileScope, normalizePath } from "../scope/contains.ts";
import { isProtectedPath } from "../scope/protectedPaths.ts";
import { needSwarm } from "./gates.ts";
import type { Refusal } from "./refusal.ts";
import { refusal } from "./refusal.ts";
import type { Phase, Swarm, SwarmState, Worker } from "./state.ts";
import { isLive, isRunning } from "./state.ts";

export type Actor = { role: "worker"; worker: Worker } | { role: Exclude<Role, "worker"> };

/** Phases in which the Commander may write. */
const COMMANDER_WRITES: readonly Phase[] = ["foundation", "dispatch", "monitoring", "integrate", "final-qa"];

/**
 * Whether `actor` may write `path` (relative to the project, symbolic links resolved; undefined where it leaves the
 * project) now.
 */
export function judgeWrite(
  state: SwarmState,
  actor: Actor,
  path: string | undefined,
  shown: string,
): Refusal | undefined {
  const missing = needSwarm(state);
  if (missing || !state) return missing;
  const inside = path === undefined ? undefined : normalizePath(path);
  if (inside === undefined || inside === "") {
    return refusal("outside-project", `${shown} lies outside the project.`, "write inside the project, in your scope.");
  }
  if (isProtectedPath(inside)) {
    return refusal(
      "protected-path",
      `${shown} is read-only for every role: it holds the rules or git's own data.`,
      "leave it; if it has to change, tell the person.",
    );
  }
  if (state.dirty.includes(inside)) {
    return refusal(
      "persons-file",
      `the person had uncommitted changes in ${inside} before this swarm began; they would be mixed with yours.`,
      "leave it and tell the person: after they commit it, it can be written in the next swarm.",
    );
  }
  if (actor.role === "worker") return workerWrite(actor.worker, inside);
  if (actor.role === "commander") return commanderWrite(state, inside);
  return refusal("read-only-role", `a ${actor.role} only reads.`, "answer with what you found.");
}

function workerWrite(worker: Worker, path: string): Refusal | undefined {
  const { id, fileScope } = worker.assignment;
  if (!isRunning(worker)) {
    return refusal("worker-ended", `${id} has ended (${worker.status}); its files are frozen.`, "stop here.");
  }
  if (compileScope(fileScope)(path)) return undefined;
  return refusal(
    "out-of-scope",
    `${path} is outside the scope of ${id} (${fileScope.join(", ")}).`,
    "write inside your scope; if this file must change, call report_result with status blocked and say what you need.",
  );
}

function commanderWrite(state: Swarm, path: string): Refusal | undefined {
  if (!COMMANDER_WRITES.includes(state.phase)) {
    return refusal(
      "design-first",
      `nothing is written in the ${state.phase} phase.`,
      "agree on a design with the person first: propose_design, their yes, approve_design.",
    );
  }
  const owner = state.workers.find((worker) => isLive(worker) && compileScope(worker.assignment.fileScope)(path));
  if (owner) {
    return refusal(
      "live-scope",
      `${path} belongs to ${owner.assignment.id} while it works.`,
      "wait for it (await_workers), or give it instructions with retry_worker.",
    );
  }
  if (state.phase === "dispatch" || state.phase === "monitoring") {
    return refusal(
      "not-now",
      `the Commander does not write in ${state.phase}: the Workers build on the recorded baseline.`,
      state.phase === "dispatch" ? "call dispatch_workers." : "call await_workers, then check_conflicts.",
    );
  }
  return undefined;
}

/** Globs a session's shell may write now; what it may not is read-only for the kernel. */
export function shellScope(state: SwarmState, actor: Actor): { scope: readonly string[]; except: readonly string[] } {
  const nothing = { scope: [], except: [] };
  if (!state || needSwarm(state)) return nothing;
  const dirty = state.dirty.map(literal);
  const scopesOf = (workers: readonly Worker[]) =>
    workers.filter(isLive).flatMap((worker) => worker.assignment.fileScope);
  if (actor.role === "worker") {
    if (!isRunning(actor.worker)) return nothing;
    const { id, fileScope } = actor.worker.assignment;
    // In a tree of its own there is no neighbour.
    if (actor.worker.worktree) return { scope: fileScope, except: dirty };
    // Two scopes may share a directory: a neighbour's new files there are the neighbour's.
    const others = state.workers.filter((worker) => worker.assignment.id !== id);
    return { scope: fileScope, except: [...scopesOf(others), ...dirty] };
  }
  if (actor.role !== "commander" || !["foundation", "integrate", "final-qa"].includes(state.phase)) return nothing;
  return { scope: ["**"], except: [...scopesOf(state.workers), ...dirty] };
}

/** A path as a glob that matches it alone. */
function literal(path: string): string {
  return path.replace(/[*?[{(!]/gu, "[$&]");
}
