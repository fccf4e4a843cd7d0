import { contextJson } from "../../adapters/context/handoffFiles.ts";
import { secretValues } from "../../adapters/context/secretFiles.ts";
import { withoutSecrets } from "../../core/context/cleanContext.ts";
import { contextMarkdown, LONGEST_HANDOFF, type MarkdownOptions } from "../../core/context/markdown.ts";
import { type PartialContext, taskContextSchema } from "../../core/context/taskContext.ts";

/**
 * A context for people and models to read, 50,000 characters at most; from Claude Code to OpenCode where nothing else is said.
 *
 * @throws ZodError for what is no context
 */
export function serializeContextToMarkdown(context: PartialContext, options: MarkdownOptions = {}): string {
  return contextMarkdown(taskContextSchema.parse(cleaned(context)), options);
}

/**
 * A context as JSON, 50,000 characters at most; `JSON.parse` gives it back.
 *
 * @throws ZodError for what is no context
 */
export function serializeContextToJSON(context: PartialContext, options: { maxContextLength?: number } = {}): string {
  const { maxContextLength: most = LONGEST_HANDOFF } = options;
  const clean = cleaned(context);
  const full = taskContextSchema.parse(clean);
  const text = `${JSON.stringify(clean, null, 2)}\n`;
  return text.length <= most ? text : contextJson(full, most);
}

function cleaned(context: PartialContext): PartialContext {
  const project = context.meta?.projectPath;
  return withoutSecrets(context, project ? secretValues(project) : []);
}
