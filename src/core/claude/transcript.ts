import { z } from "zod";
import { type SessionNotes, type SessionTodo, withFile, withTodos, withWords } from "../context/sessionNotes.ts";

const block = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  name: z.string().optional(),
  input: z.unknown().optional(),
});
/** A line of Claude Code's transcript; all others are skipped. */
const lineSchema = z.looseObject({
  type: z.enum(["user", "assistant"]),
  isMeta: z.boolean().optional(),
  isSidechain: z.boolean().optional(),
  timestamp: z.string().optional(),
  message: z.looseObject({ content: z.union([z.string(), z.array(block)]) }),
});

const fileInput = z.looseObject({ file_path: z.string().min(1) });
const todosInput = z.looseObject({ todos: z.array(z.looseObject({ content: z.string(), status: z.string() })) });
const createInput = z.looseObject({ subject: z.string() });
const updateInput = z.looseObject({ taskId: z.union([z.string(), z.number()]), status: z.string() });
const FILE_TOOLS = new Set(["Read", "Edit", "Write", "NotebookEdit"]);

/**
 * Adds what a transcript says of a chat to its notes: the person's words, files, things to do.
 *
 * @param lines values of the file's lines, oldest first
 */
export function withTranscript(notes: SessionNotes, lines: readonly unknown[], now: number): SessionNotes {
  let known = notes;
  /** By the number that TaskCreate gives them, from 1. */
  const tasks: SessionTodo[] = [];
  for (const value of lines) {
    const line = lineSchema.safeParse(value).data;
    if (!line || line.isMeta || line.isSidechain) continue;
    const at = line.timestamp === undefined ? now : Date.parse(line.timestamp) || now;
    if (at < known.startedAt) known = { ...known, startedAt: at };
    const { content } = line.message;
    if (line.type === "user") known = withWords(known, ownWords(content), at);
    else if (typeof content !== "string") {
      for (const { type, name = "", input } of content) {
        if (type !== "tool_use") continue;
        const file = FILE_TOOLS.has(name) ? fileInput.safeParse(input).data : undefined;
        if (file) known = withFile(known, file.file_path, at);
        const todos = name === "TodoWrite" ? todosInput.safeParse(input).data : undefined;
        if (todos) known = withTodos(known, todos.todos, at);
        const made = name === "TaskCreate" ? createInput.safeParse(input).data : undefined;
        if (made) tasks.push({ content: made.subject, status: "pending" });
        const change = name === "TaskUpdate" ? updateInput.safeParse(input).data : undefined;
        const task = change && tasks[Number(change.taskId) - 1];
        if (task) task.status = change.status;
      }
    }
  }
  return tasks.length === 0 ? known : withTodos(known, tasks, known.at);
}

/** What the person typed: not results of tools, nor what Claude Code wraps its own words in. */
function ownWords(content: z.infer<typeof lineSchema>["message"]["content"]): string {
  const text =
    typeof content === "string"
      ? content
      : content.flatMap(({ type, text }) => (type === "text" && text !== undefined ? [text] : [])).join("\n");
  return /^\s*</.test(text) || /^\s*\//.test(text) ? "" : text;
}
