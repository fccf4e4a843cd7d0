import { resolve } from "node:path";
import { z } from "zod";
import { fileClash } from "../core/dag/fileClash.ts";
import { canRunInParallel } from "../core/dag/parallel.ts";
import { analyzeTask, type RunMode, selectStrategy, TASK_TYPES } from "../core/executors/taskAnalysis.ts";
import { type GraphResult, runGraph, TaskGraphError } from "../runtime/executor/runGraph.ts";
import { loadedConfig } from "./loadedConfig.ts";
import type { FailedWay } from "./openCodeWays.ts";
import { ProviderRuns } from "./providerRuns.ts";

const taskSchema = z.object({
  id: z.string().min(1),
  description: z.string().default(""),
  type: z.enum(TASK_TYPES).optional(),
  files: z.array(z.string()),
  dependsOn: z.array(z.string()).default([]),
  provider: z.string().min(1).default("auto"),
  agent: z.string().min(1).optional(),
  timeout: z.number().positive().optional(),
});

/** One task. Only `id` and `files` are needed. */
export type ExecutorTask = z.input<typeof taskSchema>;
type ReadTask = z.output<typeof taskSchema>;

export interface TaskResult {
  taskId: string;
  success: boolean;
  /** Who did it; "none" where it was not started. */
  provider: string;
  agent: string;
  /** ms. */
  executionTime: number;
  /** How OpenCode did it, or that a command line of the provider's own did: "run". */
  mode?: RunMode;
  /** Ways that failed before, with the reason. */
  fallbacks?: FailedWay[];
  /** The answer. */
  output?: string;
  error?: string;
}

/** Does one task in place of a command line. */
export type TaskWork = (task: ReadTask, signal: AbortSignal) => Promise<Omit<TaskResult, "taskId" | "executionTime">>;

export interface ExecutorOptions {
  /** Most at once; default `routing.maxOpencodeWorkers`. */
  maxConcurrent?: number;
  strategy?: "parallel" | "sequential" | "hybrid";
  /** Default: the working directory. */
  projectDir?: string;
  signal?: AbortSignal;
  /** In place of the providers' command lines. */
  work?: TaskWork;
}

/** Runs tasks as their dependencies and files allow, each at the provider that the routing policy names. */
export class ParallelExecutor {
  private readonly options: ExecutorOptions;
  private readonly projectDir: string;

  constructor(options: ExecutorOptions = {}) {
    const { maxConcurrent } = options;
    if (maxConcurrent !== undefined && !(Number.isInteger(maxConcurrent) && maxConcurrent >= 1 && maxConcurrent <= 25))
      throw new RangeError(`maxConcurrent is ${maxConcurrent}; give a whole number from 1 to 25.`);
    this.options = options;
    this.projectDir = resolve(options.projectDir ?? process.cwd());
  }

  /** By the executor's strategy. @throws TaskGraphError where the tasks cannot be run; nothing was started then. */
  executeTasks(tasks: readonly ExecutorTask[]): Promise<TaskResult[]> {
    switch (this.options.strategy ?? "hybrid") {
      case "parallel":
        return this.executeParallel(tasks);
      case "sequential":
        return this.executeSequential(tasks);
      case "hybrid":
        return this.executeHybrid(tasks);
    }
  }

  /** All at once, as many as there are places. @throws TaskGraphError where one waits for another or they share a file. */
  async executeParallel(tasks: readonly ExecutorTask[], maxWorkers?: number): Promise<TaskResult[]> {
    const read = readTasks(tasks);
    const { canParallel, reason, conflicts } = canRunInParallel(read);
    if (!canParallel && read.length > 1) {
      const where = conflicts
        .map((one) => ` ${one.file} (${one.tasks.map((at) => read[at]?.id).join(", ")})`)
        .join(";");
      throw new TaskGraphError(
        `The tasks cannot run at once: ${reason}.${where} Use the strategy "hybrid". Nothing was started.`,
      );
    }
    return this.run(read, maxWorkers);
  }

  /** One after the other as given. @throws TaskGraphError where one stands before what it waits for. */
  async executeSequential(tasks: readonly ExecutorTask[]): Promise<TaskResult[]> {
    const read = readTasks(tasks);
    for (const [at, { id, dependsOn }] of read.entries()) {
      const later = read.slice(at).find((task) => task.id !== id && dependsOn.includes(task.id));
      if (later)
        throw new TaskGraphError(`"${id}" stands before "${later.id}", for which it waits. Nothing was started.`);
    }
    // Weights that fall keep the order given: what stands first has the longest way before it.
    return this.run(read, 1, (at) => 10 ** 9 - at);
  }

  /** Each as soon as its dependencies are done and nothing that runs shares a file with it. */
  async executeHybrid(tasks: readonly ExecutorTask[], maxWorkers?: number): Promise<TaskResult[]> {
    return this.run(readTasks(tasks), maxWorkers);
  }

  private async run(
    tasks: readonly ReadTask[],
    maxWorkers: number | undefined,
    weight: (at: number) => number = (at) => analyzeTask(tasks[at] ?? {}).estimatedDuration,
  ): Promise<TaskResult[]> {
    const { work, close } = this.options.work
      ? { work: this.options.work, close: async () => undefined }
      : this.providers();
    const places =
      maxWorkers ??
      this.options.maxConcurrent ??
      loadedConfig(this.projectDir, process.env).config.routing.maxOpencodeWorkers;
    const byId = new Map(tasks.map((task) => [task.id, task]));
    const results = await runGraph({
      nodes: tasks.map(({ id, dependsOn }, at) => ({ id, dependsOn, weight: weight(at) })),
      clash: fileClash(tasks.map(({ files }) => files)),
      places,
      signal: this.options.signal,
      work: async (id, signal) => {
        const started = performance.now();
        const task = byId.get(id);
        if (task === undefined) throw new TaskGraphError(`"${id}" is no task.`);
        const end = await work(task, signal);
        return { ...end, taskId: id, executionTime: Math.round(performance.now() - started) };
      },
    }).finally(close);
    return results.map((result) => resultOf(result, byId.get(result.id)));
  }

  /** The providers of the configuration, and an end for what they keep warm. */
  private providers(): { work: TaskWork; close(): Promise<void> } {
    const { projectDir } = this;
    const { env } = process;
    const log = (message: string) => void process.emitWarning(message);
    const runs = new ProviderRuns({ projectDir, env, log, ...loadedConfig(projectDir, env) });
    const work: TaskWork = async (task, signal) => {
      const prompt = promptOf(task);
      const ended = await runs.run({ session: task.id, provider: task.provider, task, prompt, signal });
      const { success, provider, agent, mode, fallbacks, output, failure } = ended;
      const how = mode === undefined ? {} : { mode, fallbacks, output };
      const error = failure && (mode === undefined ? failure.message : `${failure.kind}: ${failure.message}`);
      return { success, provider, agent, ...how, ...(error === undefined ? {} : { error }) };
    };
    return { work, close: () => runs.close() };
  }
}

function promptOf({ description, id, files }: ReadTask): string {
  const only = files.length > 0 ? `\n\nChange no files but: ${files.join(", ")}` : "";
  return `${description === "" ? id : description}${only}`;
}

function readTasks(tasks: readonly ExecutorTask[]): ReadTask[] {
  return tasks.map((task, at) => {
    const read = taskSchema.safeParse(task);
    if (read.success) return read.data;
    const issue = read.error.issues[0];
    throw new TaskGraphError(`Task ${at + 1}: ${issue?.path.join(".")}: ${issue?.message}. Nothing was started.`);
  });
}

function resultOf(result: GraphResult<TaskResult>, task: ReadTask | undefined): TaskResult {
  if (result.kind === "ran") return result.end;
  const agent = task ? selectStrategy(task).options.agent : "";
  const error = result.kind === "skipped" ? result.reason : result.error;
  return { taskId: result.id, success: false, provider: "none", agent, executionTime: 0, error };
}
