/** One piece of work and what must be done before it. */
export interface DagNode {
  id: string;
  /** Ids of others. An id that is given twice counts once. */
  dependsOn: readonly string[];
}

/** Why a graph cannot be worked through. */
export type DagProblem =
  | { code: "duplicate-id"; id: string }
  | { code: "unknown-dependency"; id: string; dependency: string }
  /** The ids in the order in which each waits for the next; the last waits for the first. */
  | { code: "cycle"; ids: string[] };

/** The first thing that makes a graph unusable: an id given twice, a dependency that is no node, a cycle. */
export function dagProblem(nodes: readonly DagNode[]): DagProblem | undefined {
  const byId = new Map<string, DagNode>();
  for (const node of nodes) {
    if (byId.has(node.id)) return { code: "duplicate-id", id: node.id };
    byId.set(node.id, node);
  }
  for (const { id, dependsOn } of nodes) {
    const dependency = dependsOn.find((other) => !byId.has(other));
    if (dependency !== undefined) return { code: "unknown-dependency", id, dependency };
  }
  const ids = cycleIn(nodes);
  return ids && { code: "cycle", ids };
}

/** A cycle, each id waiting for the next; undefined where there is none. Dependencies that are no node are passed over. */
export function cycleIn(nodes: readonly DagNode[]): string[] | undefined {
  const open = new Map(nodes.map((node) => [node.id, node]));
  for (let removed = true; removed; ) {
    removed = false;
    for (const [id, { dependsOn }] of open) {
      if (dependsOn.some((other) => open.has(other))) continue;
      open.delete(id);
      removed = true;
    }
  }
  // Whatever is left waits for something that is left: following it must come back to where it was.
  const path: string[] = [];
  let at = open.keys().next().value;
  while (at !== undefined) {
    const before = path.indexOf(at);
    if (before >= 0) return path.slice(before);
    path.push(at);
    at = open.get(at)?.dependsOn.find((other) => open.has(other));
  }
  return undefined;
}

/** Every node that waits, over any number of steps, for one of `ids`; those themselves are not among them. */
export function dependantsOf(nodes: readonly DagNode[], ids: Iterable<string>): Set<string> {
  const gone = new Set(ids);
  const found = new Set<string>();
  for (let more = true; more; ) {
    more = false;
    for (const { id, dependsOn } of nodes) {
      if (gone.has(id) || !dependsOn.some((other) => gone.has(other))) continue;
      gone.add(id);
      found.add(id);
      more = true;
    }
  }
  return found;
}

/** The problem in a sentence. */
export function dagProblemText(problem: DagProblem): string {
  switch (problem.code) {
    case "duplicate-id":
      return `two tasks are called "${problem.id}"`;
    case "unknown-dependency":
      return `"${problem.id}" depends on "${problem.dependency}", which is no task of this call`;
    case "cycle":
      return problem.ids.length === 1
        ? `"${problem.ids[0]}" waits for itself`
        : `${problem.ids.map((id) => `"${id}"`).join(", ")} wait for each other`;
  }
}
