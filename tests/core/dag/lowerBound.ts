import { planOf } from "../../../src/core/dag/schedule.ts";
import { clashOf, type RandomDag } from "./randomDag.ts";

/**
 * A time that no schedule undercuts. The greatest of:
 * - the longest chain;
 * - all the work spread evenly, and the same for every set of tasks that cannot begin before a time and have a tail behind them;
 * - the heaviest set of tasks of which no two may run at once, because one waits for the other or they clash, with the
 *   shortest way to the first of them and the shortest behind the last.
 */
export function lowerBound(dag: RandomDag): number {
  const { tasks, places } = dag;
  const weight = tasks.map((task) => task.weight);
  const tail = planOf(tasks, () => false).remaining.map((path, at) => path - (weight[at] ?? 0));
  const head: number[] = [];
  const before: number[] = [];
  const index = new Map(tasks.map(({ id }, at) => [id, at]));
  for (const [at, { dependsOn }] of tasks.entries()) {
    const waits = dependsOn.map((id) => index.get(id) ?? 0);
    head[at] = Math.max(0, ...waits.map((other) => (head[other] ?? 0) + (weight[other] ?? 0)));
    before[at] = waits.reduce((bits, other) => bits | (1 << other) | (before[other] ?? 0), 0);
  }
  const clash = clashOf(tasks);
  const apart = tasks.map((_, a) =>
    tasks.reduce((bits, __, b) => {
      const ordered = ((before[a] ?? 0) | 0) & (1 << b) || (before[b] ?? 0) & (1 << a);
      return a !== b && (ordered || clash(a, b)) ? bits | (1 << b) : bits;
    }, 0),
  );
  return Math.max(chains({ weight, head, tail }, places), oneAtATime({ weight, head, tail }, apart));
}

interface Times {
  weight: readonly number[];
  /** Earliest start. */
  head: readonly number[];
  /** Work that must follow. */
  tail: readonly number[];
}

/** Chains, and evenly spread work, of every set "starts at h or later and has t or more behind it". */
function chains({ weight, head, tail }: Times, places: number): number {
  let bound = Math.max(...weight.map((own, at) => (head[at] ?? 0) + own + (tail[at] ?? 0)));
  for (const from of head) {
    for (const behind of tail) {
      const set = weight.flatMap((own, at) => ((head[at] ?? 0) >= from && (tail[at] ?? 0) >= behind ? [own] : []));
      if (set.length === 0) continue;
      const work = set.reduce((sum, own) => sum + own, 0);
      // One place takes two of the longest places + 1.
      const longest = set.toSorted((a, b) => b - a);
      const pair = (longest[places - 1] ?? 0) + (longest[places] ?? 0);
      bound = Math.max(bound, from + Math.max(work / places, set.length > places ? pair : 0) + behind);
    }
  }
  return bound;
}

/** The heaviest set in which every two are kept apart, by branch and bound over bit sets (31 tasks at most). */
function oneAtATime({ weight, head, tail }: Times, apart: readonly number[]): number {
  let best = 0;
  const grow = (candidates: number, work: number, first: number, last: number): void => {
    if (work > 0) best = Math.max(best, first + work + last);
    let rest = candidates;
    let possible = work;
    for (let bits = rest; bits !== 0; bits &= bits - 1) possible += weight[31 - Math.clz32(bits & -bits)] ?? 0;
    // However it goes on, the ways to the first and behind the last only shrink.
    if ((Number.isFinite(first) ? first + last : Number.POSITIVE_INFINITY) + possible <= best) return;
    for (; rest !== 0; rest &= rest - 1) {
      const at = 31 - Math.clz32(rest & -rest);
      const later = rest & (rest - 1) & (apart[at] ?? 0);
      grow(later, work + (weight[at] ?? 0), Math.min(first, head[at] ?? 0), Math.min(last, tail[at] ?? 0));
    }
  };
  grow(tasks31(weight.length), 0, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
  return best;
}

function tasks31(count: number): number {
  if (count > 31) throw new RangeError("The bound is for 31 tasks at most.");
  return 2 ** count - 1;
}
