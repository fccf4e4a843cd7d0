import { resolve } from "node:path";
import { z } from "zod";
import { policySettings } from "../config/policySettings.ts";
import { fileClash } from "../core/dag/fileClash.ts";
import { canRunInParallel } from "../core/dag/parallel.ts";
import { cliOf } from "../core/executors/invocation.ts";
import { analyzeTask, selectStrategy, TASK_TYPES } from "../core/executors/taskAnalysis.ts";
import { makePolicy } from "../core/routing/policy.ts";
import { policyDesk } from "../policyDesk.ts";
import { type GraphResult, runGraph, TaskGraphError } from "../runtime/executor/runGraph.ts";
import { isFree, taskTarget } from "../runtime/executor/taskTarget.ts";
import { executeViaCLI } from "./executeViaCLI.ts";
import { loadedConfig } from "./loadedConfig.ts";

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
    const work = this.options.work ?? (await this.commandLines());
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
    });
    return results.map((result) => resultOf(result, byId.get(result.id)));
  }

  private async commandLines(): Promise<TaskWork> {
    const { projectDir } = this;
    const { config, home } = loadedConfig(projectDir, process.env);
    const policy = makePolicy(policySettings(config));
    const log = (message: string) => void process.emitWarning(message);
    const desk = policyDesk(config, { env: process.env, home, log });
    return async (task, signal) => {
      const { agent, timeout } = selectStrategy(task).options;
      const failed: string[] = [];
      let last: Awaited<ReturnType<TaskWork>> | undefined;
      for (;;) {
        const question = { provider: task.provider, agent, task: task.description, session: task.id, failed };
        const target = await taskTarget(policy, desk, question);
        if (!target.ok) return last ?? { success: false, provider: "none", agent, error: target.reason };
        const { provider, model, hostModel } = target;
        // A provider without a command line of its own is reached through OpenCode, as is the house's own.
        const own = task.provider === "opencode" ? "opencode" : (cliOf(provider) ?? "opencode");
        const asked = own === "opencode" ? { provider: own, model: hostModel } : { provider, model };
        const ran = await executeViaCLI({ ...asked, prompt: promptOf(task), projectDir, timeout, signal });
        const end = { success: ran.success, provider, agent, output: ran.stdout };
        if (ran.failure === undefined) return end;
        const { kind, message, ...times } = ran.failure;
        const next =
          kind !== "cancelled" &&
          desk.runFailed({ session: task.id, agent, provider, failure: { kind, ...times } }) &&
          isFree(task.provider) &&
          !failed.includes(provider);
        last = { ...end, error: `${kind}: ${message}` };
        if (!next) return last;
        failed.push(provider);
      }
    };
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
