import { join } from "node:path";
import { writeContext } from "../../adapters/context/handoffFiles.ts";
import { makeStateDir } from "../../adapters/log/stateDir.ts";
import { type HandoffTool, headlessStartOf, startOf } from "../../core/context/handoffTool.ts";
import type { TaskContext } from "../../core/context/taskContext.ts";
import type { Language } from "../../core/workflow/model.ts";
import { loadedConfig } from "../loadedConfig.ts";
import { gathered } from "./buildContext.ts";

export interface HandOffInput {
  /** The project's root. */
  projectPath: string;
  to: HandoffTool;
  /** Default: the tool of the chat that is handed over; where none is known, Claude Code where it goes to OpenCode, else OpenCode. */
  from?: HandoffTool | undefined;
  /** A chat; default: the one that was last written to. */
  session?: string | undefined;
  /** In place of what is known of the task. */
  task?: string | undefined;
  language?: Language | undefined;
  /** Default: this process's. */
  env?: Readonly<Record<string, string | undefined>> | undefined;
}

export interface HandOff {
  from: HandoffTool;
  to: HandoffTool;
  /** Absolute paths. */
  file: string;
  json: string;
  /** Command lines that go on from it, in the project's directory: in a chat, and without one. */
  start: string[];
  headless: string[];
  context: TaskContext;
  /** Of the Markdown. */
  characters: number;
}

/** Writes `.aegis/handoff/context.md` and `context.json`. @throws ConfigurationError, or where they cannot be written */
export function handOff({
  projectPath,
  to,
  session,
  task,
  language,
  env = process.env,
  ...input
}: HandOffInput): HandOff {
  const stateDir = join(projectPath, ".aegis");
  const { context, tool } = gathered({
    projectPath,
    sessionId: session,
    env,
    ...(task === undefined ? {} : { task: { description: task } }),
  });
  const from = input.from ?? tool ?? (to === "opencode" ? "claude" : "opencode");
  const { maxContextLength } = loadedConfig(projectPath, env).config.context;
  makeStateDir(stateDir);
  const { markdown, json, characters } = writeContext(join(stateDir, "handoff"), context, {
    from,
    to,
    language,
    maxContextLength,
  });
  return { from, to, file: markdown, json, start: startOf(to), headless: headlessStartOf(to), context, characters };
}
