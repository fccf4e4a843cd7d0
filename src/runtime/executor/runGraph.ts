import { dagProblem, dagProblemText, dependantsOf } from "../../core/dag/graph.ts";
import { searchedPlan } from "../../core/dag/orderSearch.ts";
import type { Clash, WeightedNode } from "../../core/dag/schedule.ts";
import { planOf, startable } from "../../core/dag/schedule.ts";
import { messageOf } from "../../ports/thrown.ts";

/** Tasks that cannot be worked through: refused before anything started. */
export class TaskGraphError extends Error {
  override readonly name = "TaskGraphError";
}

/** What one task came to. */
export interface TaskEnd {
  success: boolean;
  /** Why not. */
  error?: string | undefined;
}

export type GraphResult<T extends TaskEnd> =
  | { kind: "ran"; id: string; end: T }
  /** Never started: what it waits for did not complete, or all was cancelled. */
  | { kind: "skipped"; id: string; reason: string }
  | { kind: "threw"; id: string; error: string };

export interface GraphRun<T extends TaskEnd> {
  nodes: readonly WeightedNode[];
  clash: Clash;
  /** Most at once. */
  places: number;
  signal?: AbortSignal | undefined;
  /** Does one task; its signal is aborted with the run's. */
  work(id: string, signal: AbortSignal): Promise<T>;
}

/**
 * Runs tasks as soon as each may: after its dependencies, beside nothing that clashes with it. One that fails skips those
 * that wait for it; the rest goes on. Ends when everything ended, cancelled work included.
 *
 * @returns one result a node, in the order of the nodes
 * @throws TaskGraphError for an id given twice, an unknown dependency or a cycle, before anything starts
 */
export async function runGraph<T extends TaskEnd>(run: GraphRun<T>): Promise<GraphResult<T>[]> {
  const { nodes, places } = run;
  const problem = dagProblem(nodes);
  if (problem) throw new TaskGraphError(`The tasks cannot be run: ${dagProblemText(problem)}. Nothing was started.`);
  const signal = run.signal ?? new AbortController().signal;
  const plan = searchedPlan(planOf(nodes, run.clash), places);
  const done = new Set<string>();
  const ended = new Set<string>();
  const running = new Map<string, Promise<void>>();
  const results = new Map<string, GraphResult<T>>();
  const finish = (result: GraphResult<T>) => {
    results.set(result.id, result);
    if (result.kind === "ran" && result.end.success) {
      done.add(result.id);
      return;
    }
    ended.add(result.id);
    for (const id of dependantsOf(nodes, [result.id])) {
      if (ended.has(id)) continue;
      ended.add(id);
      results.set(id, {
        kind: "skipped",
        id,
        reason: `not started: it waits for ${result.id}, which did not complete`,
      });
    }
  };
  for (;;) {
    const next = signal.aborted ? [] : startable(plan, { done, ended, running: new Set(running.keys()) }, places);
    for (const id of next) {
      const work = Promise.resolve()
        .then(() => run.work(id, signal))
        .then(
          (end) => finish({ kind: "ran", id, end }),
          (error: unknown) => finish({ kind: "threw", id, error: messageOf(error) }),
        )
        .finally(() => running.delete(id));
      running.set(id, work);
    }
    if (running.size === 0) break;
    await Promise.race(running.values());
  }
  return nodes.map(
    ({ id }) =>
      results.get(id) ?? { kind: "skipped", id, reason: "not started: the run was cancelled before its turn" },
  );
}
