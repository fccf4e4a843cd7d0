import type { Plan } from "./schedule.ts";

/** Orders that are tried: of four times as many the best is another 0.2 % shorter. */
const TRIES = 64;
/** Larger graphs get fewer tries, so that the search takes some ten milliseconds at most. */
const STEPS = 1_000_000;
/** Beyond that many nodes the comparisons of all their files would hold up the start. */
const MOST_NODES = 40;
/** How far a try departs from the longest remaining path: each node's is up to so much longer or shorter. */
const SPREAD = 0.6;
/** What a node's clashing work counts beside its remaining path, in turn: it is best begun early as well. */
const CLASH_SHARES = [0.2, 0.5, 0] as const;

/**
 * The plan with the order that ends soonest if every node takes its weight: the longest remaining path first, unless one of a
 * fixed series of other orders ends sooner. The same graph gets the same order.
 *
 * @param places most nodes that run at once
 */
export function searchedPlan(plan: Plan, places: number): Plan {
  const { nodes, remaining } = plan;
  const count = nodes.length;
  const graph = graphOf(plan);
  const least = Math.max(0, ...remaining, nodes.reduce((sum, { weight }) => sum + weight, 0) / places);
  let order = plan.order;
  let shortest = makespan(graph, plan, order, places);
  if (shortest <= least || count > MOST_NODES) return plan;
  const clashing = clashingWork(graph, plan);
  const random = series();
  for (let tried = 0; tried < Math.min(TRIES, STEPS / count ** 2) && shortest > least; tried += 1) {
    const share = CLASH_SHARES[tried % CLASH_SHARES.length] ?? 0;
    // The first ones as they are.
    const spread = tried < CLASH_SHARES.length ? 0 : SPREAD;
    const keys = nodes.map(
      (_, at) => ((remaining[at] ?? 0) + share * (clashing[at] ?? 0)) * (1 + spread * (2 * random() - 1)),
    );
    const next = nodes.map((_, at) => at).sort((a, b) => (keys[b] ?? 0) - (keys[a] ?? 0) || a - b);
    const takes = makespan(graph, plan, next, places);
    if (takes < shortest) [shortest, order] = [takes, next];
  }
  return { ...plan, order };
}

/** Places instead of ids. */
interface Graph {
  /** What a node waits for. */
  before: readonly (readonly number[])[];
}

function graphOf({ nodes, index }: Plan): Graph {
  return { before: nodes.map(({ dependsOn }) => [...new Set(dependsOn)].flatMap((id) => index.get(id) ?? [])) };
}

/** When the last node ends, where whatever may start does so in `order`. */
function makespan({ before }: Graph, { nodes, clash }: Plan, order: readonly number[], places: number): number {
  const done = new Set<number>();
  let waiting = order;
  let running: { at: number; until: number }[] = [];
  for (let now = 0; ; ) {
    const left: number[] = [];
    for (const at of waiting) {
      const starts =
        running.length < places &&
        (before[at] ?? []).every((other) => done.has(other)) &&
        !running.some((other) => clash(at, other.at));
      if (starts) running.push({ at, until: now + (nodes[at]?.weight ?? 0) });
      else left.push(at);
    }
    waiting = left;
    if (running.length === 0) return now;
    now = Math.min(...running.map(({ until }) => until));
    for (const { at, until } of running) if (until <= now) done.add(at);
    running = running.filter(({ until }) => until > now);
  }
}

/** The work that may not run beside each node and has no order with it. */
function clashingWork({ before }: Graph, { nodes, clash }: Plan): number[] {
  const ancestors = before.map(() => new Set<number>());
  const known = new Set<number>();
  const look = (at: number): Set<number> => {
    const found = ancestors[at] ?? new Set<number>();
    if (known.has(at)) return found;
    known.add(at);
    for (const other of before[at] ?? []) for (const each of [other, ...look(other)]) found.add(each);
    return found;
  };
  const work = nodes.map(() => 0);
  for (const a of nodes.keys()) {
    for (let b = 0; b < a; b += 1) {
      if (look(a).has(b) || look(b).has(a) || !clash(a, b)) continue;
      work[a] = (work[a] ?? 0) + (nodes[b]?.weight ?? 0);
      work[b] = (work[b] ?? 0) + (nodes[a]?.weight ?? 0);
    }
  }
  return work;
}

/** Numbers from 0 to 1 that look like chance and are always the same (mulberry32, a public-domain generator). */
function series(): () => number {
  let state = 1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
