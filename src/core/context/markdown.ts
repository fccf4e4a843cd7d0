import type { Language } from "../workflow/model.ts";
import { languageOf } from "../workflow/person.ts";
import { fitContext } from "./fitContext.ts";
import { type HandoffTool, toolName } from "./handoffTool.ts";
import type { Section, TaskContext } from "./taskContext.ts";
import { TEXTS } from "./texts.ts";

/** Longest handoff, in characters, where nothing else is configured (`context.maxContextLength`). */
export const LONGEST_HANDOFF = 50_000;

export interface MarkdownOptions {
  /** Where the work was until now; default: Claude Code. */
  from?: HandoffTool | undefined;
  /** Where it goes; default: OpenCode. */
  to?: HandoffTool | undefined;
  /** Default: that of the task's description. */
  language?: Language | undefined;
  /** Characters; default 50,000. */
  maxContextLength?: number | undefined;
}

/** A context for people and models to read; no longer than allowed, with what was left out for that named. */
export function contextMarkdown(context: TaskContext, options: MarkdownOptions = {}): string {
  const { from = "claude", to = "opencode", maxContextLength = LONGEST_HANDOFF } = options;
  const language = options.language ?? languageOf(context.task.description, "en");
  const render = (each: TaskContext, left: readonly Section[]) => rendered(each, left, { from, to, language });
  const fitted = fitContext(context, maxContextLength, (each, left) => render(each, left).length);
  return render(fitted.context, fitted.left);
}

function rendered(
  { task, files, todos, decisions, meta }: TaskContext,
  left: readonly Section[],
  { from, to, language }: { from: HandoffTool; to: HandoffTool; language: Language },
): string {
  const text = TEXTS[language];
  const boxes = [...todos.inProgress.map((todo) => `- [ ] ${line(todo)} (${text.inProgress})`)].concat(
    todos.pending.map((todo) => `- [ ] ${line(todo)}`),
    todos.completed.map((todo) => `- [x] ${line(todo)}`),
  );
  const list = (items: readonly string[]) => items.map((item) => `- ${line(item)}`);
  const sections: [string, readonly string[]][] = [
    [text.task, paragraphs(task.description)],
    [text.goal, task.goal === null ? [] : paragraphs(task.goal)],
    [text.constraints, list(task.constraints)],
    [text.todos, boxes],
    [text.modified, list(files.modified)],
    [text.referenced, list(files.referenced)],
    [text.decisions, decisions.recent.map((decision, index) => `${index + 1}. ${line(decision)}`)],
    [text.learnings, list(decisions.learnings)],
  ];
  const head = [
    `# ${text.title}`,
    "",
    `> ${text.switched(toolName(from), toolName(to))}`,
    `> ${text.generated}: ${meta.buildTime}`,
    ...(left.length === 0 ? [] : [`> ${text.left}: ${left.map((section) => text.sections[section]).join(", ")}`]),
    "",
    "---",
    "",
    `## ${text.session}`,
    `| ${text.item} | ${text.value} |`,
    "|------|-----|",
    ...(meta.projectPath === "" ? [] : [`| ${text.project} | \`${cell(meta.projectPath)}\` |`]),
    `| ${text.time} | ${cell(meta.startTime ?? meta.buildTime)} |`,
    `| ${text.usage} | ${usage(meta.claudeUsage, text)} |`,
  ];
  const body = sections.flatMap(([title, lines]) => (lines.length === 0 ? [] : ["", `## ${title}`, ...lines]));
  return `${[...head, ...body].join("\n")}\n`;
}

type Texts = (typeof TEXTS)[Language];

function usage(claude: TaskContext["meta"]["claudeUsage"], text: Texts): string {
  const shown = [
    [text.fiveHour, claude?.fiveHourUsage],
    [text.weekly, claude?.weeklyUsage],
  ].flatMap(([name, percent]) => (typeof percent === "number" ? [`${name}: ${Math.round(percent)}%`] : []));
  return shown.length === 0 ? text.unknown : shown.join(", ");
}

/** One line: what is listed must not end the list. */
function line(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, " ");
}

function cell(text: string): string {
  return line(text).replaceAll("|", "\\|");
}

/** Words of a person may have headings of their own, which would end the section for whoever reads by headings. */
function paragraphs(text: string): string[] {
  return text
    .trim()
    .split("\n")
    .map((each) => each.replace(/^(#{1,6}\s)/, "\\$1"));
}
