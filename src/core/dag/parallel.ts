import { fileConflicts } from "./fileClash.ts";

/** What running tasks at once depends on. */
export interface ParallelTask {
  id: string;
  /** Globs of what the task writes, relative to the project's root. */
  files: readonly string[];
  dependsOn?: readonly string[] | undefined;
}

export interface ParallelCheck {
  canParallel: boolean;
  reason: string;
  /** Paths that several tasks write, and which tasks, by their places in the list. */
  conflicts: { file: string; tasks: number[] }[];
}

/** Whether all these tasks may run at once: at least two, none waiting for another, no file in common. */
export function canRunInParallel(tasks: readonly ParallelTask[]): ParallelCheck {
  if (tasks.length < 2) return { canParallel: false, reason: "Fewer than two tasks", conflicts: [] };
  if (tasks.some(({ dependsOn }) => (dependsOn ?? []).length > 0))
    return { canParallel: false, reason: "Dependencies exist between tasks", conflicts: [] };
  const conflicts = fileConflicts(tasks.map(({ files }) => files));
  return conflicts.length > 0
    ? { canParallel: false, reason: "File conflicts detected", conflicts }
    : { canParallel: true, reason: "The tasks are independent", conflicts };
}
