import { z } from "zod";

const todo = z.object({ content: z.string(), status: z.string() });
export type SessionTodo = z.infer<typeof todo>;

/**
 * What is kept of a chat while it goes on, for a handoff out of it: `.aegis/sessions/<session>.json`. Written without
 * secrets.
 */
export const sessionNotesSchema = z.object({
  version: z.literal(1),
  tool: z.enum(["opencode", "claude"]),
  session: z.string(),
  /** ms since the epoch. */
  startedAt: z.number(),
  at: z.number(),
  /** The person's first message, and their newest. */
  first: z.string(),
  latest: z.string(),
  todos: z.array(todo),
  /** Files that were read or written, latest first, as the tool named them. */
  files: z.array(z.string()),
});
export type SessionNotes = z.infer<typeof sessionNotesSchema>;

/** Most files remembered, and characters of a message: a handoff is no transcript. */
const FILES = 50;
const WORDS = 8_000;

export function newNotes(tool: SessionNotes["tool"], session: string, at: number): SessionNotes {
  return { version: 1, tool, session, startedAt: at, at, first: "", latest: "", todos: [], files: [] };
}

export function withWords(notes: SessionNotes, said: string, at: number): SessionNotes {
  const words = said.trim().slice(0, WORDS);
  if (words === "") return notes;
  return { ...notes, at, first: notes.first === "" ? words : notes.first, latest: words };
}

export function withFile(notes: SessionNotes, file: string, at: number): SessionNotes {
  return { ...notes, at, files: [file, ...notes.files.filter((each) => each !== file)].slice(0, FILES) };
}

export function withTodos(notes: SessionNotes, todos: readonly SessionTodo[], at: number): SessionNotes {
  return { ...notes, at, todos: todos.map(({ content, status }) => ({ content, status })) };
}
