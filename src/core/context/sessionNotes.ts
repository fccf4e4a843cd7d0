import { z } from "zod";
import { readAnswer } from "../workflow/readAnswer.ts";

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
  /** The person's first message, and their newest that was more than a yes to what they were asked. */
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
  const first = notes.first === "" ? words : notes.first;
  return { ...notes, at, first, latest: isMereAnswer(words) && notes.latest !== "" ? notes.latest : words };
}

/** Longest answer, in characters, that says nothing of its own. */
const ANSWER = 20;
const ANY_NUMBER = Array.from({ length: 9 }, (_, index) => ({
  number: index + 1,
  label: "",
  verdict: "yes" as const,
}));

/** "1", "네, 진행해 주세요": they say what to do only to whoever asked. */
function isMereAnswer(words: string): boolean {
  return words.length <= ANSWER && readAnswer(words, ANY_NUMBER).verdict === "yes";
}

export function withFile(notes: SessionNotes, file: string, at: number): SessionNotes {
  return { ...notes, at, files: [file, ...notes.files.filter((each) => each !== file)].slice(0, FILES) };
}

export function withTodos(notes: SessionNotes, todos: readonly SessionTodo[], at: number): SessionNotes {
  return { ...notes, at, todos: todos.map(({ content, status }) => ({ content, status })) };
}
