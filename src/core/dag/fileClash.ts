import { type CompiledGlob, compileGlob } from "../scope/compiledGlob.ts";
import { compiledOverlap } from "../scope/overlap.ts";
import type { Clash } from "./schedule.ts";

/** Files of a task: globs relative to the project's root. */
type Files = readonly string[];

/** A path that several tasks match, and their places in the list. */
export interface FileConflict {
  /** The path; the first of the two globs where they cannot be compared exactly, which counts as a conflict. */
  file: string;
  tasks: number[];
}

/** Compiles every glob once and remembers each answer: the same pair is asked about for as long as a plan runs. */
function comparer(): (a: string, b: string) => string | undefined {
  const compiled = new Map<string, CompiledGlob>();
  const answers = new Map<string, string | undefined>();
  const compile = (glob: string): CompiledGlob => {
    const known = compiled.get(glob) ?? compileGlob(glob);
    compiled.set(glob, known);
    return known;
  };
  return (a, b) => {
    // Paths that no Worker may write overlap with nothing there; here two tasks that name the same one still clash.
    if (a === b) return a;
    const key = `${a}\0${b}`;
    if (!answers.has(key)) {
      const found = compiledOverlap(compile(a), compile(b));
      answers.set(key, found && ("witness" in found ? found.witness : a));
    }
    return answers.get(key);
  };
}

/** Whether two tasks may write the same file, by the exact algebra of scopes; what cannot be decided counts as a clash. */
export function fileClash(files: readonly Files[]): Clash {
  const compare = comparer();
  const known = new Map<number, boolean>();
  return (a, b) => {
    const key = Math.min(a, b) * files.length + Math.max(a, b);
    const before = known.get(key);
    if (before !== undefined) return before;
    const [one, other] = [files[Math.min(a, b)] ?? [], files[Math.max(a, b)] ?? []];
    const clash = one.some((left) => other.some((right) => compare(left, right) !== undefined));
    known.set(key, clash);
    return clash;
  };
}

/** Every pair of globs of different tasks that meet, by the path they share. */
export function fileConflicts(files: readonly Files[]): FileConflict[] {
  const compare = comparer();
  const shared = new Map<string, Set<number>>();
  for (const [a, left] of files.entries()) {
    for (const [offset, right] of files.slice(a + 1).entries()) {
      for (const file of left.flatMap((one) => right.flatMap((other) => compare(one, other) ?? []))) {
        const tasks = shared.get(file) ?? new Set();
        shared.set(file, tasks.add(a).add(a + 1 + offset));
      }
    }
  }
  return [...shared].map(([file, tasks]) => ({ file, tasks: [...tasks].sort((one, other) => one - other) }));
}
