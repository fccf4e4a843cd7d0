import picomatch from "picomatch";
import { fileClash } from "../../../src/core/dag/fileClash.ts";
import { searchedPlan } from "../../../src/core/dag/orderSearch.ts";
import type { Clash, WeightedNode } from "../../../src/core/dag/schedule.ts";
import { type Plan, planOf, startable } from "../../../src/core/dag/schedule.ts";

/** Scopes as tasks have them: own folders, single files, families of files, now and then a wide one. */
const GLOBS = [
  ...["api", "ui", "db", "auth", "jobs", "docs", "mail", "pay"].flatMap((dir) => [`src/${dir}/**`, `src/${dir}/*.ts`]),
  ...["api", "ui", "auth"].flatMap((dir) => [
    `src/${dir}/index.ts`,
    `src/${dir}/{login,logout}.ts`,
    `src/${dir}/[a-h]*`,
  ]),
  "src/*/index.ts",
  "**/*.md",
  "package.json",
];
/** Enough concrete files that two of these globs meet exactly where they share one of them. */
const FILES = [
  ...["api", "ui", "db", "auth", "jobs", "docs", "mail", "pay"].flatMap((dir) =>
    ["index.ts", "login.ts", "logout.ts", "a.ts", "z.ts", "a", "a.md", "z.md", "deep/x.ts", "deep/x.md"].map(
      (name) => `src/${dir}/${name}`,
    ),
  ),
  "README.md",
  "package.json",
];
const matches = new Map(GLOBS.map((glob) => [glob, new Set(FILES.filter((file) => picomatch(glob)(file)))]));
/** The product's own judgement of every pair, made once: deciding one takes up to milliseconds. */
const pairs = fileClash(GLOBS.map((glob) => [glob]));
const places = new Map(GLOBS.map((glob, at) => [glob, at]));

export interface RandomTask extends WeightedNode {
  files: readonly string[];
}

export interface RandomDag {
  tasks: RandomTask[];
  /** Most at once. */
  places: number;
}

/** @param random from 0 to 1 */
export function randomDag(random: () => number): RandomDag {
  const below = (limit: number) => Math.floor(random() * limit);
  const count = 2 + below(30);
  const density = random() * 0.3;
  const tasks = Array.from({ length: count }, (_, at): RandomTask => {
    const before = Array.from({ length: at }, (__, other) => other).filter(() => random() < density);
    const files = Array.from({ length: 1 + below(2) }, () => GLOBS[below(GLOBS.length)] ?? "package.json");
    return { id: `t${at}`, dependsOn: before.map((other) => `t${other}`), weight: 1 + below(100), files };
  });
  return { tasks, places: 1 + below(8) };
}

export function clashOf(tasks: readonly RandomTask[]): Clash {
  return (a, b) => {
    const at = (task: number) => (tasks[task]?.files ?? []).map((glob) => places.get(glob) ?? -1);
    return at(a).some((one) => at(b).some((other) => one === other || pairs(one, other)));
  };
}

/** The files a task writes, by another library than the one that schedules. */
export function filesOf(task: RandomTask): Set<string> {
  return new Set(task.files.flatMap((glob) => [...(matches.get(glob) ?? [])]));
}

/** One task's time in a run. */
export interface Span<T> {
  task: T;
  from: number;
  to: number;
}

/** Runs a graph on a clock of its own, in the order that the product takes: each task takes its weight. */
export function simulate({ tasks, places: limit }: RandomDag): Span<RandomTask>[] {
  return spansOf(searchedPlan(planOf(tasks, clashOf(tasks)), limit), limit).map((span) => {
    const task = tasks.find(({ id }) => id === span.task.id);
    if (!task) throw new Error(`${span.task.id} is no task`);
    return { ...span, task };
  });
}

/** The times of a plan's nodes, each taking its weight. */
export function spansOf(plan: Plan, limit: number): Span<WeightedNode>[] {
  const done = new Set<string>();
  const running = new Map<string, Span<WeightedNode>>();
  const spans: Span<WeightedNode>[] = [];
  let now = 0;
  for (;;) {
    for (const id of startable(plan, { done, running: new Set(running.keys()) }, limit)) {
      const task = plan.nodes[plan.index.get(id) ?? -1];
      if (!task) throw new Error(`${id} is no task`);
      const span = { task, from: now, to: now + task.weight };
      running.set(id, span);
      spans.push(span);
    }
    if (running.size === 0) return spans;
    now = Math.min(...[...running.values()].map(({ to }) => to));
    for (const [id, { to }] of running) {
      if (to > now) continue;
      running.delete(id);
      done.add(id);
    }
  }
}

/** What is wrong with a run, judged by concrete files; undefined where nothing is. */
export function faultOf(dag: RandomDag, spans: readonly Span<RandomTask>[]): string | undefined {
  if (spans.length !== dag.tasks.length) return `${spans.length} of ${dag.tasks.length} tasks ran`;
  const ends = new Map(spans.map(({ task, to }) => [task.id, to]));
  const files = new Map(spans.map(({ task }) => [task.id, filesOf(task)]));
  for (const one of spans) {
    const early = one.task.dependsOn.find((id) => (ends.get(id) ?? Number.POSITIVE_INFINITY) > one.from);
    if (early !== undefined) return `${one.task.id} began before ${early} was done`;
    const beside = spans.filter((other) => other.from <= one.from && one.from < other.to);
    if (beside.length > dag.places) return `${beside.length} tasks at once, ${dag.places} allowed`;
    for (const other of beside) {
      if (other === one) continue;
      const shared = [...(files.get(one.task.id) ?? [])].find((file) => files.get(other.task.id)?.has(file));
      if (shared !== undefined) return `${one.task.id} and ${other.task.id} ran at once and both write ${shared}`;
    }
  }
  return undefined;
}
