import { isAbsolute, join, relative, resolve } from "node:path";
import { z } from "zod";
import { contextJson } from "../../adapters/context/handoffFiles.ts";
import { recentFiles } from "../../adapters/context/recentFiles.ts";
import { secretValues } from "../../adapters/context/secretFiles.ts";
import { readNotes } from "../../adapters/context/sessionFiles.ts";
import { readJson } from "../../adapters/view/readJson.ts";
import { SwarmTail } from "../../adapters/view/swarmTail.ts";
import { stateHome } from "../../config/stateHome.ts";
import { withoutSecrets } from "../../core/context/cleanContext.ts";
import type { SessionNotes } from "../../core/context/sessionNotes.ts";
import { type SwarmContext, swarmContext } from "../../core/context/swarmContext.ts";
import { type TaskContext, taskContextSchema } from "../../core/context/taskContext.ts";
import { stillHolds } from "../../core/routing/limits/usage.ts";
import { limitWindowSchema } from "../../core/routing/limits/window.ts";
import { messageOf } from "../../ports/thrown.ts";
import { loadedConfig } from "../loadedConfig.ts";

export interface ContextInput {
  /** The project's root. A directory without git, or none at all, gives a context without files. */
  projectPath: string;
  /** A chat in it; default: the one that was last written to. */
  sessionId?: string | undefined;
  /** ISO; default: when the chat began. */
  startTime?: string | undefined;
  /** Percent; default: what is known of Claude's limits. */
  claudeUsage?: { fiveHourUsage?: number | undefined; weeklyUsage?: number | undefined } | undefined;
  /** Default: the swarm's design, or what the person said last. */
  task?:
    | { description?: string | undefined; goal?: string | undefined; constraints?: readonly string[] | undefined }
    | undefined;
  /** Default: this process's. */
  env?: Readonly<Record<string, string | undefined>> | undefined;
  /** In place of `context.recentFilesLimit` (10). */
  recentFilesLimit?: number | undefined;
  /** Characters; in place of `context.maxContextLength` (50,000). */
  maxContextLength?: number | undefined;
}

/** Most completed things and decisions that are carried over: what is older is in git. */
const DONE = 20;
const DECISIONS = 40;

/**
 * What the work in a project stands at: its files from git, the chat's things to do and files as the plugin noted them, the
 * swarm's decisions from its log. Secrets are left out. Reads files and runs git; nothing is changed.
 *
 * @throws ConfigurationError where the project's configuration cannot be used
 */
export function buildContext(input: ContextInput): TaskContext {
  return gathered(input).context;
}

/** The same, and the tool of the chat that it is of. */
export function gathered(input: ContextInput): { context: TaskContext; tool: SessionNotes["tool"] | undefined } {
  const projectPath = resolve(input.projectPath);
  const env = input.env ?? process.env;
  const { config, home } = loadedConfig(projectPath, env);
  const { includeDecisions, includeRecentFiles, includeTodos } = config.context;
  const stateDir = join(projectPath, ".aegis");
  const notes = attempt(() => readNotes(stateDir, input.sessionId), undefined);
  const swarm = swarmIn(stateDir);
  const limit = input.recentFilesLimit ?? config.context.recentFilesLimit;
  const none = { pending: [], inProgress: [], completed: [] };
  const context: TaskContext = {
    task: taskOf(input, notes, swarm),
    files: {
      modified: includeRecentFiles ? recentFiles(projectPath, limit) : [],
      referenced: includeRecentFiles ? referenced(projectPath, notes).slice(0, limit) : [],
    },
    todos: includeTodos ? todosOf(notes, swarm) : none,
    decisions: {
      recent: includeDecisions ? (swarm?.decisions.recent ?? []).slice(-DECISIONS) : [],
      learnings: includeDecisions ? (swarm?.decisions.learnings ?? []).slice(-DECISIONS) : [],
    },
    meta: {
      sessionId: input.sessionId ?? notes?.session ?? null,
      projectPath,
      startTime: input.startTime ?? (notes ? new Date(notes.startedAt).toISOString() : null),
      buildTime: new Date().toISOString(),
      claudeUsage: input.claudeUsage
        ? { fiveHourUsage: input.claudeUsage.fiveHourUsage ?? null, weeklyUsage: input.claudeUsage.weeklyUsage ?? null }
        : attempt(() => knownUsage(stateHome(env, home), Date.now()), null),
    },
  };
  const clean = withoutSecrets(context, secretValues(projectPath));
  const most = input.maxContextLength ?? config.context.maxContextLength;
  return { context: taskContextSchema.parse(JSON.parse(contextJson(clean, most))), tool: notes?.tool };
}

function taskOf({ task = {} }: ContextInput, notes: SessionNotes | undefined, swarm: SwarmContext | undefined) {
  const said = notes?.latest ?? "";
  const description = task.description ?? swarm?.task ?? said;
  // What was asked for at first says what the newest words are part of.
  const first = notes && notes.first !== description ? notes.first : "";
  return { description, goal: task.goal ?? (first === "" ? null : first), constraints: [...(task.constraints ?? [])] };
}

function todosOf(notes: SessionNotes | undefined, swarm: SwarmContext | undefined): TaskContext["todos"] {
  const of = (...statuses: string[]) =>
    (notes?.todos ?? []).filter(({ status }) => statuses.includes(status)).map(({ content }) => content);
  return {
    pending: [...of("pending"), ...(swarm?.todos.pending ?? [])],
    inProgress: [...of("in_progress"), ...(swarm?.todos.inProgress ?? [])],
    completed: [...of("completed"), ...(swarm?.todos.completed ?? [])].slice(-DONE),
  };
}

/** Files of the project alone: what else a chat looked at is nobody's who goes on here. */
function referenced(projectPath: string, notes: SessionNotes | undefined): string[] {
  return (notes?.files ?? []).flatMap((file) => {
    const path = relative(projectPath, resolve(projectPath, file));
    return path === "" || path.startsWith("..") || isAbsolute(path) ? [] : [path];
  });
}

function swarmIn(stateDir: string): SwarmContext | undefined {
  const tail = new SwarmTail(stateDir);
  attempt(() => tail.look(), false);
  if (tail.problem !== undefined) process.emitWarning(tail.problem);
  return tail.state && swarmContext(tail.state);
}

const limitsFile = z.object({ windows: z.array(limitWindowSchema) });

function knownUsage(dir: string, now: number): TaskContext["meta"]["claudeUsage"] {
  const windows = readJson(join(dir, "limits.json"), limitsFile)?.windows ?? [];
  const of = (kind: string) => {
    const known = windows.flatMap((window) =>
      window.provider === "claude" && window.windowKind === kind && window.blocks && stillHolds(window, now)
        ? [window.usedPercent ?? Number.NaN]
        : [],
    );
    const figures = known.filter((percent) => !Number.isNaN(percent));
    return figures.length === 0 ? null : Math.max(...figures);
  };
  const usage = { fiveHourUsage: of("5h"), weeklyUsage: of("weekly") };
  return usage.fiveHourUsage === null && usage.weeklyUsage === null ? null : usage;
}

/** A file that is damaged takes its own part away, and no more: a handoff is wanted when things go wrong. */
function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    process.emitWarning(messageOf(error));
    return otherwise;
  }
}
