/** What a brain says in one turn. Either text, tool calls or both; or one of the ways in which a model server fails. */
export interface Reply {
  text?: string;
  /** `arguments` as an object is sent as JSON; a string is sent as it stands, malformed or not. */
  toolCalls?: readonly { name: string; arguments: Record<string, unknown> | string }[];
  /** The body to send instead of a well-formed completion, byte for byte (a stream cut short, chunks no server should send). */
  raw?: { body: string; status?: number; contentType?: string };
  /** An HTTP error in the shape vLLM gives it; `retryAfterS` becomes a Retry-After header (s). */
  error?: { status: number; message?: string; type?: string; retryAfterS?: number };
  /** Milliseconds in the queue before the first byte, on top of the server's own latency. A client that leaves ends it. */
  hangMs?: number;
  /** A stream that goes wrong on its way, instead of a well-formed completion. */
  broken?: BrokenStream;
  /** Overrides `stop` / `tool_calls`, for example with `length`. */
  finishReason?: string;
}

/** How a stream goes wrong. Where the server counts its requests, these run; they do not queue. */
export type BrokenStream =
  /** `text`, or nothing at all, and then the connection is reset. */
  | { how: "reset"; text?: string }
  /** `text`, or not even headers, and then nothing until the client leaves. */
  | { how: "silence"; text?: string }
  /** `piece` again and again, `everyMs` apart, until the client leaves: as text, or as the arguments of a call of `tool`. */
  | { how: "endless"; piece: string; everyMs: number; tool?: string };

export type TurnRole = "commander" | "worker" | "scout" | "librarian" | "title" | "other";

export interface TurnMessage {
  role: "system" | "user" | "assistant" | "tool";
  text: string;
  toolCalls: readonly { id: string; name: string; arguments: unknown }[];
  /** For `tool` messages: the call it answers. */
  toolCallId?: string;
}

/** The answer a tool gave, with the call it answers. */
export interface ToolResult {
  id: string;
  name: string;
  arguments: unknown;
  text: string;
}

/** One model request as a brain sees it. Nothing here outlives the request, so a brain survives restarts of anything. */
export interface Turn {
  role: TurnRole;
  /** OpenCode's session id from the request headers, "" where the client sends none. */
  sessionId: string;
  /** Id of the parent session, "" for a root session. */
  parentSessionId: string;
  system: string;
  messages: readonly TurnMessage[];
  /** Names of the offered tools. */
  tools: readonly string[];
  /** JSON schema of an offered tool's arguments; undefined where the request has none. */
  argumentsSchema(tool: string): unknown;
  /** Results that came after the last assistant message, in order; the same objects as in `toolResults`. */
  lastToolResults: readonly ToolResult[];
  /** Every result so far, in order. */
  toolResults: readonly ToolResult[];
  /** Text of the last user message. */
  userText: string;
  /** Text of the first user message: a Worker's briefing, a Scout's question. */
  firstUserText: string;
  /** Assistant messages in the request: how often this session has been answered. */
  assistantTurns: number;
  /** Most tokens the client wants; undefined where it does not say. */
  maxTokens: number | undefined;
  /** The client wants an answer as long as the limit it set: it measures. */
  fixedLength: boolean;
  /** The tool that the client demands a call of. */
  forcedTool: string | undefined;
  /** Aborted when the client leaves. */
  signal: AbortSignal;
}

export type Brain = (turn: Turn) => Reply | Promise<Reply>;

/** One step of a script: what to say, or a function that looks at the turn first. */
export type Step = Reply | Brain;

/** Text and nothing else: the turn ends here. */
export const say = (text: string): Reply => ({ text });

/** One tool call, with words before it where given. */
export const call = (name: string, args: Record<string, unknown> | string = {}, text?: string): Reply => ({
  ...(text === undefined ? {} : { text }),
  toolCalls: [{ name, arguments: args }],
});

/** Several tool calls in one turn, as `[name, arguments]` pairs. */
export const calls = (...pairs: readonly (readonly [string, Record<string, unknown> | string])[]): Reply => ({
  toolCalls: pairs.map(([name, args]) => ({ name, arguments: args })),
});

/** An HTTP error in place of an answer. */
export const fail = (status: number, message = "scripted failure", retryAfterS?: number): Reply => ({
  error: { status, message, ...(retryAfterS === undefined ? {} : { retryAfterS }) },
});

/** No first byte for `ms` milliseconds, then `then`. */
export const hang = (ms: number, then: Reply = { text: "Scripted: late." }): Reply => ({ ...then, hangMs: ms });

/** A connection that is reset, after `text` where given. */
export const reset = (text?: string): Reply => ({ broken: { how: "reset", ...(text === undefined ? {} : { text }) } });

/** A server that takes the request and falls silent: before the first byte, or after `text`. */
export const silence = (text?: string): Reply => ({
  broken: { how: "silence", ...(text === undefined ? {} : { text }) },
});

/** Output without end: text, or the arguments of a call of `tool`. */
export const endless = (piece: string, tool?: string): Reply => ({
  broken: { how: "endless", piece, everyMs: 2, ...(tool === undefined ? {} : { tool }) },
});

const NOTHING_LEFT: Reply = { text: "Scripted: the script for this session has no further step." };

/**
 * A brain that follows a list. The step is the number of assistant messages already in the request, so nothing is
 * remembered here and a restarted session goes on where its history ends. Past the end it says so, without a tool call.
 */
export function script(steps: readonly Step[]): Brain {
  return (turn) => {
    const step = steps[turn.assistantTurns] ?? NOTHING_LEFT;
    return typeof step === "function" ? step(turn) : step;
  };
}

/** A brain per role, each a brain or a list of steps. Titles answer themselves; a role without a brain says that it has none. */
export function byRole(roles: Partial<Record<TurnRole, Brain | readonly Step[]>>): Brain {
  const brains = new Map<string, Brain>();
  for (const [role, brain] of Object.entries(roles))
    brains.set(role, typeof brain === "function" ? brain : script(brain));
  return (turn) => {
    const brain = brains.get(turn.role);
    if (brain) return brain(turn);
    return { text: turn.role === "title" ? "Scripted session" : `Scripted: no script for the role ${turn.role}.` };
  };
}

/** The first brain whose pattern is found in the session's first user message; for Workers, whose briefing names their part. */
export function byBriefing(cases: readonly (readonly [RegExp, Brain | readonly Step[]])[]): Brain {
  return (turn) => {
    for (const [pattern, brain] of cases) {
      if (pattern.test(turn.firstUserText)) return typeof brain === "function" ? brain(turn) : script(brain)(turn);
    }
    return { text: "Scripted: no script matches this briefing." };
  };
}

/** The last result of the named tool in this session, or undefined. */
export function resultOf(turn: Turn, tool: string): ToolResult | undefined {
  return turn.toolResults.findLast((result) => result.name === tool);
}
