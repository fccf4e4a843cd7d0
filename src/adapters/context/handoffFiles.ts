import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { withoutSecrets } from "../../core/context/cleanContext.ts";
import { fitContext } from "../../core/context/fitContext.ts";
import { contextMarkdown, LONGEST_HANDOFF, type MarkdownOptions } from "../../core/context/markdown.ts";
import { type TaskContext, taskContextSchema } from "../../core/context/taskContext.ts";
import { hasCode } from "../../ports/thrown.ts";
import { parsed, readJson } from "../view/readJson.ts";
import { secretValues } from "./secretFiles.ts";
import { replaceFile } from "./sessionFiles.ts";

export interface WrittenContext {
  markdown: string;
  json: string;
  /** Of the Markdown. */
  characters: number;
}

/** The context as JSON, within a length as the Markdown is. */
export function contextJson(context: TaskContext, most: number = LONGEST_HANDOFF): string {
  const text = (each: TaskContext) => `${JSON.stringify(each, null, 2)}\n`;
  return text(fitContext(context, most, (each) => text(each).length).context);
}

/** Writes `context.md` and `context.json` into a directory, without secrets. @returns their paths */
export function writeContext(dir: string, context: TaskContext, options: MarkdownOptions = {}): WrittenContext {
  const clean = withoutSecrets(context, secretValues(context.meta.projectPath));
  mkdirSync(dir, { recursive: true });
  const text = contextMarkdown(clean, options);
  const written = { markdown: join(dir, "context.md"), json: join(dir, "context.json"), characters: text.length };
  replaceFile(written.json, contextJson(clean, options.maxContextLength));
  replaceFile(written.markdown, text);
  return written;
}

/** Undefined where there is none. @throws Error where the file is there and is not ours */
export function readContext(dir: string): TaskContext | undefined {
  return readJson(join(dir, "context.json"), taskContextSchema);
}

const incomingName = (session: string | undefined) =>
  session === undefined ? "incoming.json" : `incoming-${session.replace(/[^\w-]/gu, "_")}.json`;

/** Leaves a context for the OpenCode of a project: its next message, in any session or in the one named, carries it. */
export function leaveForOpenCode(handoffDir: string, context: TaskContext, session?: string): string {
  const clean = withoutSecrets(context, secretValues(context.meta.projectPath));
  mkdirSync(handoffDir, { recursive: true });
  const path = join(handoffDir, incomingName(session));
  replaceFile(path, contextJson(clean));
  return path;
}

/**
 * Contexts that were left for a session of OpenCode; each is given once, to one process.
 *
 * @param refused is told of a file that is no context; it is taken away too
 */
export function takeForOpenCode(handoffDir: string, session: string, refused: (path: string) => void): TaskContext[] {
  const wanted = new Set([incomingName(undefined), incomingName(session)]);
  return namesIn(handoffDir)
    .filter((name) => wanted.has(name))
    .flatMap((name) => {
      const path = join(handoffDir, name);
      const mine = `${path}.${process.pid}.taken`;
      try {
        renameSync(path, mine);
      } catch (error) {
        // Another process was faster.
        if (hasCode(error, "ENOENT")) return [];
        throw error;
      }
      const context = taskContextSchema.safeParse(parsed(readFileSync(mine, "utf8")));
      rmSync(mine, { force: true });
      if (context.success) return [context.data];
      refused(path);
      return [];
    });
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}
