import type { DagNode } from "./graph.ts";

/** A node with what it is expected to cost. */
export interface WeightedNode extends DagNode {
  /** Expected duration, in ms; only its proportion to the others' counts. */
  weight: number;
}

/** Which nodes may not run at once, by their places in the list. Must be symmetric. */
export type Clash = (a: number, b: number) => boolean;

/** A graph that was looked at once, so that each step is cheap. */
export interface Plan {
  nodes: readonly WeightedNode[];
  /** Where every id is in `nodes`. */
  index: ReadonlyMap<string, number>;
  /** Places in the order in which they are looked at: the longest remaining path first, then as they were given. */
  order: readonly number[];
  /** From a node's start to the end of the longest chain behind it, in ms. */
  remaining: readonly number[];
  clash: Clash;
}

/** How far a plan is. Ids in neither set wait. */
export interface Progress {
  /** Completed: what waits for them may start. */
  done: ReadonlySet<string>;
  running: ReadonlySet<string>;
  /** Failed, skipped or cancelled: they never complete. */
  ended?: ReadonlySet<string>;
}

/** @param nodes a graph in which `dagProblem` finds nothing */
export function planOf(nodes: readonly WeightedNode[], clash: Clash): Plan {
  const index = new Map(nodes.map(({ id }, at) => [id, at]));
  const remaining = remainingPaths(nodes, index);
  const order = nodes.map((_, at) => at).sort((a, b) => (remaining[b] ?? 0) - (remaining[a] ?? 0) || a - b);
  return { nodes, index, order, remaining, clash };
}

/**
 * What starts now: nodes whose dependencies are done and that clash with nothing that runs or starts with them, the longest
 * remaining path first, as many as fit. One that clashes is passed over rather than waited for, so that no place stays empty.
 *
 * @param places most nodes that run at once
 */
export function startable(plan: Plan, progress: Progress, places: number): string[] {
  const { done, running, ended } = progress;
  const busy = [...running].flatMap((id) => plan.index.get(id) ?? []);
  const starting: string[] = [];
  for (const at of plan.order) {
    if (busy.length >= places) break;
    const node = plan.nodes[at];
    if (node === undefined || done.has(node.id) || running.has(node.id) || ended?.has(node.id)) continue;
    if (!node.dependsOn.every((id) => done.has(id))) continue;
    if (busy.some((other) => plan.clash(at, other))) continue;
    starting.push(node.id);
    busy.push(at);
  }
  return starting;
}

function remainingPaths(nodes: readonly WeightedNode[], index: ReadonlyMap<string, number>): number[] {
  const behind: number[][] = nodes.map(() => []);
  const waits = nodes.map(() => 0);
  for (const [at, { dependsOn }] of nodes.entries()) {
    for (const id of new Set(dependsOn)) {
      const before = index.get(id);
      if (before === undefined) continue;
      behind[at]?.push(before);
      waits[before] = (waits[before] ?? 0) + 1;
    }
  }
  // From the last nodes backwards, each after all that wait for it.
  const remaining = nodes.map(({ weight }) => weight);
  const free = waits.flatMap((count, at) => (count === 0 ? [at] : []));
  for (let at = free.pop(); at !== undefined; at = free.pop()) {
    for (const before of behind[at] ?? []) {
      const through = (nodes[before]?.weight ?? 0) + (remaining[at] ?? 0);
      remaining[before] = Math.max(remaining[before] ?? 0, through);
      waits[before] = (waits[before] ?? 0) - 1;
      if (waits[before] === 0) free.push(before);
    }
  }
  return remaining;
}
