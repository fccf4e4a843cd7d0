import { z } from "zod";
import { parseJson } from "../gate/json.ts";
import type { CliName } from "./invocation.ts";

/** Tokens of a whole run; `input` includes `cached`. */
export interface RunTokens {
  input: number;
  output: number;
  cached: number;
}

/** What a transcript has said so far. */
export interface Transcript {
  /** The answer: the last thing the model said. */
  text: string;
  tokens: RunTokens;
  /** The event that ends a run was seen. */
  ended: boolean;
  /** What the program called an error; with its HTTP status where it names one. */
  error?: { message: string; status?: number };
  session?: string;
}

export const NOTHING_SAID: Transcript = { text: "", tokens: { input: 0, output: 0, cached: 0 }, ended: false };

/** Longest answer kept, in characters; its end. */
const LONGEST_TEXT = 1_000_000;
const count = z.number().min(0).catch(0);
const words = z.string().catch("");

const codexEvent = z.discriminatedUnion("type", [
  z.object({ type: z.literal("thread.started"), thread_id: words }),
  z.object({ type: z.literal("item.completed"), item: z.object({ type: z.string(), text: words.optional() }) }),
  z.object({
    type: z.literal("turn.completed"),
    usage: z.object({ input_tokens: count, cached_input_tokens: count, output_tokens: count }),
  }),
  z.object({ type: z.literal("turn.failed"), error: z.object({ message: words }) }),
  z.object({ type: z.literal("error"), message: words }),
]);

const claudeEvent = z.object({
  type: z.literal("result"),
  is_error: z.boolean(),
  result: words.optional(),
  subtype: words.optional(),
  api_error_status: z.number().nullish(),
  session_id: words.optional(),
  usage: z
    .object({
      input_tokens: count,
      cache_creation_input_tokens: count,
      cache_read_input_tokens: count,
      output_tokens: count,
    })
    .optional(),
});

const opencodeEvent = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text"), sessionID: words, part: z.object({ text: words }) }),
  z.object({
    type: z.literal("step_finish"),
    sessionID: words,
    part: z.object({
      reason: z.string(),
      tokens: z.object({
        input: count,
        output: count,
        reasoning: count,
        cache: z.object({ read: count, write: count }),
      }),
    }),
  }),
  z.object({ type: z.literal("step_start"), sessionID: words }),
  z.object({
    type: z.literal("error"),
    sessionID: words,
    error: z.object({
      name: words,
      data: z.object({ message: words, statusCode: z.number().optional() }).optional(),
    }),
  }),
]);

const geminiResult = z.object({
  session_id: words.optional(),
  response: words.optional(),
  stats: z
    .object({
      models: z.record(
        z.string(),
        z.object({ tokens: z.object({ prompt: count, candidates: count, thoughts: count, cached: count }) }),
      ),
    })
    .optional()
    .catch(undefined),
  error: z.object({ message: words, code: z.union([z.number(), z.string()]).optional() }).optional(),
});

/** One line of a program that prints JSON Lines (codex, claude, opencode); lines of other kinds change nothing. */
export function readLine(cli: CliName, before: Transcript, line: string): Transcript {
  const json = parseJson(line);
  if (json === undefined) return before;
  switch (cli) {
    case "codex":
      return readCodex(before, codexEvent.safeParse(json).data);
    case "claude":
      return readClaude(before, claudeEvent.safeParse(json).data);
    case "opencode":
      return readOpencode(before, opencodeEvent.safeParse(json).data);
    case "gemini":
      return before;
  }
}

/** The whole output of a program that prints one JSON document (gemini and agy); it may follow other words. */
export function readDocument(text: string): Transcript {
  const json = parseJson(text) ?? parseJson(text.slice(Math.max(0, text.indexOf("\n{"))));
  const { data } = geminiResult.safeParse(json);
  if (data === undefined) return NOTHING_SAID;
  const tokens = { input: 0, output: 0, cached: 0 };
  for (const { tokens: one } of Object.values(data.stats?.models ?? {})) {
    tokens.input += one.prompt;
    tokens.output += one.candidates + one.thoughts;
    tokens.cached += one.cached;
  }
  const status = Number(data.error?.code);
  return {
    text: bounded(data.response ?? ""),
    tokens,
    ended: data.response !== undefined,
    ...(data.session_id === undefined ? {} : { session: data.session_id }),
    ...(data.error
      ? { error: { message: data.error.message, ...(status >= 400 && status < 600 ? { status } : {}) } }
      : {}),
  };
}

function readCodex(before: Transcript, event: z.infer<typeof codexEvent> | undefined): Transcript {
  switch (event?.type) {
    case "thread.started":
      return { ...before, session: event.thread_id };
    case "item.completed":
      // An item of type "error" is a warning: the turn goes on.
      return event.item.type === "agent_message" ? { ...before, text: bounded(event.item.text ?? "") } : before;
    case "turn.completed": {
      const { input_tokens: input, cached_input_tokens: cached, output_tokens: output } = event.usage;
      return { ...before, ended: true, tokens: { input, cached, output } };
    }
    case "turn.failed":
      return { ...before, error: { message: event.error.message } };
    case "error":
      return { ...before, error: { message: event.message } };
    default:
      return before;
  }
}

function readClaude(before: Transcript, event: z.infer<typeof claudeEvent> | undefined): Transcript {
  if (event === undefined) return before;
  const { usage, result = "", session_id: session, api_error_status: status } = event;
  const cached = usage?.cache_read_input_tokens ?? 0;
  const tokens = {
    input: (usage?.input_tokens ?? 0) + (usage?.cache_creation_input_tokens ?? 0) + cached,
    output: usage?.output_tokens ?? 0,
    cached,
  };
  // `subtype` is "success" for failed requests too.
  const message = result === "" ? (event.subtype ?? "error") : result;
  const error = event.is_error ? { error: { message, ...(status ? { status } : {}) } } : {};
  return {
    ...before,
    text: event.is_error ? before.text : bounded(result),
    tokens,
    ended: true,
    ...(session === undefined ? {} : { session }),
    ...error,
  };
}

function readOpencode(before: Transcript, event: z.infer<typeof opencodeEvent> | undefined): Transcript {
  if (event === undefined) return before;
  const at = { ...before, session: event.sessionID };
  switch (event.type) {
    case "text":
      return { ...at, text: bounded(at.text === "" ? event.part.text : `${at.text}\n${event.part.text}`) };
    case "step_start":
      // What was said before a tool call is on the way to the answer, not the answer.
      return { ...at, text: "" };
    case "step_finish": {
      const { tokens: own, reason } = event.part;
      const tokens = {
        input: before.tokens.input + own.input + own.cache.read + own.cache.write,
        output: before.tokens.output + own.output + own.reasoning,
        cached: before.tokens.cached + own.cache.read,
      };
      return { ...at, tokens, ended: reason !== "tool-calls" };
    }
    case "error": {
      const { name, data } = event.error;
      const status = data?.statusCode;
      return { ...at, error: { message: data?.message || name, ...(status === undefined ? {} : { status }) } };
    }
  }
}

function bounded(text: string): string {
  return text.length > LONGEST_TEXT ? text.slice(-LONGEST_TEXT) : text;
}
