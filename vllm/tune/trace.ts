import { z } from "zod";

/** A stretch of a prompt: two prompts share it where its id and all before it are the same. Holds no text. */
const segment = z.strictObject({ id: z.string(), tokens: z.number().int().positive() });
export type Segment = z.infer<typeof segment>;

const turn = z.strictObject({
  prompt: z.array(segment).min(1),
  /** The answer, as later prompts have it. */
  output: segment,
  /** Milliseconds between the end of what came before and this request: tools at work, a person reading. */
  pauseMs: z.number().nonnegative(),
  /** Sessions that begin when this turn ends; the next turn waits until they have ended. */
  spawns: z.array(z.string()),
});
export type TraceTurn = z.infer<typeof turn>;

const session = z.strictObject({
  id: z.string(),
  role: z.enum(["commander", "worker", "scout", "librarian", "other"]),
  /** Lower goes first where the server schedules by priority. */
  priority: z.number().int(),
  /** Milliseconds after the trace's begin; ignored for a session that another one begins. */
  startMs: z.number().nonnegative(),
  turns: z.array(turn).min(1),
});
export type TraceSession = z.infer<typeof session>;

/** Work for a server as a swarm makes it: sessions that wait for their own answers, each turn's prompt longer than the last. */
export const traceSchema = z.strictObject({ name: z.string(), sessions: z.array(session).min(1) });
export type Trace = z.infer<typeof traceSchema>;

export const tokensOf = (segments: readonly Segment[]): number => segments.reduce((sum, { tokens }) => sum + tokens, 0);

/** Tokens of the longest request, prompt and answer. */
export function longestRequest(trace: Trace): number {
  let longest = 0;
  for (const { turns } of trace.sessions)
    for (const { prompt, output } of turns) longest = Math.max(longest, tokensOf(prompt) + output.tokens);
  return longest;
}

/** Requests and tokens of a trace. */
export function traceSize(trace: Trace): {
  sessions: number;
  requests: number;
  promptTokens: number;
  outputTokens: number;
} {
  const turns = trace.sessions.flatMap((one) => one.turns);
  return {
    sessions: trace.sessions.length,
    requests: turns.length,
    promptTokens: turns.reduce((sum, { prompt }) => sum + tokensOf(prompt), 0),
    outputTokens: turns.reduce((sum, { output }) => sum + output.tokens, 0),
  };
}

/** Gives each prefix of whole blocks a key of its own, the same for the same content; keys of one book only compare with it. */
export class KeyBook {
  private readonly numbers = new Map<string, string>();
  private readonly blockSize: number;

  constructor(blockSize: number) {
    this.blockSize = blockSize;
  }

  /** The keys of the full blocks of these segments. */
  keys(segments: readonly Segment[]): string[] {
    const keys: string[] = [];
    let chain = "";
    let content = "";
    let room = this.blockSize;
    for (const { id, tokens } of segments) {
      let from = 0;
      while (tokens - from >= room) {
        content += `|${id}:${from}+${room}`;
        from += room;
        chain = this.number(`${chain}${content}`);
        keys.push(chain);
        content = "";
        room = this.blockSize;
      }
      if (from < tokens) content += `|${id}:${from}+${tokens - from}`;
      room -= tokens - from;
    }
    return keys;
  }

  private number(content: string): string {
    const known = this.numbers.get(content);
    if (known !== undefined) return known;
    const made = this.numbers.size.toString(36);
    this.numbers.set(content, made);
    return made;
  }
}
