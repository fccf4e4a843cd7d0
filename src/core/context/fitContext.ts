import { has, SECTIONS, type Section, type TaskContext, without } from "./taskContext.ts";

export interface Fitted {
  context: TaskContext;
  /** Sections that were left out, the least important first. */
  left: Section[];
}

/**
 * The context within a length: whole sections go, the least important first, and where that is not enough the end of the
 * task's description.
 *
 * @param most characters
 * @param lengthOf of what it will be written as, with the sections that were left out
 */
export function fitContext(
  context: TaskContext,
  most: number,
  lengthOf: (context: TaskContext, left: readonly Section[]) => number,
): Fitted {
  let fitted = context;
  const left: Section[] = [];
  for (const section of SECTIONS) {
    if (lengthOf(fitted, left) <= most) return { context: fitted, left };
    if (!has(fitted, section)) continue;
    fitted = without(fitted, section);
    left.push(section);
  }
  const { task } = fitted;
  let kept = task.description.length;
  // Escapes may make a character several; each round takes away what is too much, and at least one.
  for (let over = lengthOf(fitted, left) - most; over > 0 && kept > 0; over = lengthOf(fitted, left) - most) {
    kept = Math.max(0, kept - Math.max(1, Math.ceil(over / 6)));
    fitted = { ...fitted, task: { ...task, description: `${task.description.slice(0, kept)}…` } };
  }
  return { context: fitted, left };
}
