import { z } from "zod";

const texts = z.array(z.string()).default([]);

/**
 * What a person's work stands at, for whoever goes on with it. All lists are in the order of what counts most. What another
 * program leaves out is empty; what it adds is dropped.
 */
export const taskContextSchema = z.object({
  task: z
    .object({ description: z.string().default(""), goal: z.string().nullable().default(null), constraints: texts })
    .prefault({}),
  files: z
    .object({
      /** Changed most recently first, relative to the project. */
      modified: texts,
      /** Read in the session, latest first. */
      referenced: texts,
    })
    .prefault({}),
  todos: z.object({ pending: texts, inProgress: texts, completed: texts }).prefault({}),
  decisions: z.object({ recent: texts, learnings: texts }).prefault({}),
  meta: z
    .object({
      sessionId: z.string().nullable().default(null),
      /** Absolute. */
      projectPath: z.string().default(""),
      /** ISO. */
      startTime: z.string().nullable().default(null),
      buildTime: z.string().default(""),
      /** Percent of the limits; null where nothing is known, which is not 0. */
      claudeUsage: z
        .object({
          fiveHourUsage: z.number().nullable().default(null),
          weeklyUsage: z.number().nullable().default(null),
        })
        .nullable()
        .default(null),
    })
    .prefault({}),
});
export type TaskContext = z.infer<typeof taskContextSchema>;
/** A context as a program may hand it in: any part of it. */
export type PartialContext = z.input<typeof taskContextSchema>;

/** Sections that may be left out for length, the least important first; the task itself stays. */
export const SECTIONS = [
  "completed",
  "learnings",
  "referenced",
  "decisions",
  "modified",
  "constraints",
  "inProgress",
  "pending",
  "goal",
] as const;
export type Section = (typeof SECTIONS)[number];

/** The context without one section. */
export function without(context: TaskContext, section: Section): TaskContext {
  const { task, files, todos, decisions } = context;
  switch (section) {
    case "completed":
    case "inProgress":
    case "pending":
      return { ...context, todos: { ...todos, [section]: [] } };
    case "learnings":
      return { ...context, decisions: { ...decisions, learnings: [] } };
    case "decisions":
      return { ...context, decisions: { ...decisions, recent: [] } };
    case "referenced":
    case "modified":
      return { ...context, files: { ...files, [section]: [] } };
    case "constraints":
      return { ...context, task: { ...task, constraints: [] } };
    case "goal":
      return { ...context, task: { ...task, goal: null } };
  }
}

/** Whether the context has something there. */
export function has({ task, files, todos, decisions }: TaskContext, section: Section): boolean {
  switch (section) {
    case "completed":
    case "inProgress":
    case "pending":
      return todos[section].length > 0;
    case "learnings":
      return decisions.learnings.length > 0;
    case "decisions":
      return decisions.recent.length > 0;
    case "referenced":
    case "modified":
      return files[section].length > 0;
    case "constraints":
      return task.constraints.length > 0;
    case "goal":
      return task.goal !== null;
  }
}

/** Whether it says anything of the work itself. */
export function hasWords({ task, todos }: TaskContext): boolean {
  return task.description !== "" || todos.pending.length + todos.inProgress.length > 0;
}
