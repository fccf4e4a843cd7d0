import { z } from "zod";
import type { ToolResult, Turn, TurnMessage, TurnRole } from "./brain.ts";

const Part = z.looseObject({ type: z.string(), text: z.string().optional() });
const Message = z.looseObject({
  role: z.enum(["system", "developer", "user", "assistant", "tool"]),
  content: z.union([z.string(), z.array(Part), z.null()]).optional(),
  tool_calls: z
    .array(z.looseObject({ id: z.string(), function: z.looseObject({ name: z.string(), arguments: z.string() }) }))
    .optional(),
  tool_call_id: z.string().optional(),
});

/** The part of a chat completion request that the simulator reads. Everything else passes through. */
export const ChatRequest = z.looseObject({
  model: z.string(),
  messages: z.array(Message),
  stream: z.boolean().optional(),
  /** Lower goes first where the server schedules by priority. */
  priority: z.number().int().optional(),
  max_tokens: z.number().int().positive().nullish(),
  max_completion_tokens: z.number().int().positive().nullish(),
  /** vLLM's: the answer is as long as it may be. */
  ignore_eos: z.boolean().nullish(),
  tool_choice: z
    .union([z.string(), z.looseObject({ function: z.looseObject({ name: z.string() }).optional() })])
    .nullish(),
  tools: z
    .array(z.looseObject({ function: z.looseObject({ name: z.string(), parameters: z.unknown().optional() }) }))
    .optional(),
});
export type ChatRequest = z.infer<typeof ChatRequest>;

/** Lines in a system prompt that tell the read-only helpers apart: both are offered the same tools. */
export interface RoleLines {
  scout: RegExp;
  librarian: RegExp;
}
export const defaultRoleLines: RoleLines = {
  scout: /You are (?:the|a) Scout/i,
  librarian: /You are (?:the|a) Librarian/i,
};

const textOf = (content: z.infer<typeof Message>["content"]): string =>
  typeof content === "string" ? content : (content ?? []).map((part) => part.text ?? "").join("");

/** The tool that `tool_choice` demands: the one it names, or the first where any will do. */
function forcedTool({ tool_choice: choice, tools }: ChatRequest): string | undefined {
  if (typeof choice === "object") return choice?.function?.name;
  return choice === "required" ? tools?.[0]?.function.name : undefined;
}

/** A call's arguments as data, or as the text they came in when that is no JSON. */
function argumentsOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function roleOf(system: string, tools: readonly string[], lines: RoleLines): TurnRole {
  if (tools.includes("dispatch_workers")) return "commander";
  if (tools.includes("report_result")) return "worker";
  if (lines.scout.test(system)) return "scout";
  if (lines.librarian.test(system)) return "librarian";
  if (tools.length === 0 && /title/i.test(system)) return "title";
  return "other";
}

/** What a brain sees of a request. `headers` are lower-cased, as Node gives them. */
export function turnOf(
  request: ChatRequest,
  headers: Readonly<Record<string, string>>,
  options: { roleLines?: RoleLines; signal: AbortSignal },
): Turn {
  const messages = request.messages.map(
    (message): TurnMessage => ({
      role: message.role === "developer" ? "system" : message.role,
      text: textOf(message.content),
      toolCalls: (message.tool_calls ?? []).map((made) => ({
        id: made.id,
        name: made.function.name,
        arguments: argumentsOf(made.function.arguments),
      })),
      ...(message.tool_call_id === undefined ? {} : { toolCallId: message.tool_call_id }),
    }),
  );
  const madeCalls = new Map(messages.flatMap((message) => message.toolCalls).map((made) => [made.id, made]));
  const resultOf = (message: TurnMessage): ToolResult => {
    const made = madeCalls.get(message.toolCallId ?? "");
    return { id: message.toolCallId ?? "", name: made?.name ?? "", arguments: made?.arguments, text: message.text };
  };
  const results = messages.flatMap((message, index) =>
    message.role === "tool" ? [{ index, result: resultOf(message) }] : [],
  );
  const lastAssistant = messages.findLastIndex((message) => message.role === "assistant");
  const users = messages.filter((message) => message.role === "user");
  const system = messages
    .filter((message) => message.role === "system")
    .map((message) => message.text)
    .join("\n");
  const tools = (request.tools ?? []).map((tool) => tool.function.name);
  return {
    role: roleOf(system, tools, options.roleLines ?? defaultRoleLines),
    sessionId: headers["x-session-affinity"] ?? headers["x-session-id"] ?? "",
    parentSessionId: headers["x-parent-session-id"] ?? "",
    system,
    messages,
    tools,
    argumentsSchema: (name) => request.tools?.find((tool) => tool.function.name === name)?.function.parameters,
    lastToolResults: results.filter(({ index }) => index > lastAssistant).map(({ result }) => result),
    toolResults: results.map(({ result }) => result),
    userText: users.at(-1)?.text ?? "",
    firstUserText: users[0]?.text ?? "",
    assistantTurns: messages.filter((message) => message.role === "assistant").length,
    maxTokens: request.max_completion_tokens ?? request.max_tokens ?? undefined,
    fixedLength: request.ignore_eos === true,
    forcedTool: forcedTool(request),
    signal: options.signal,
  };
}
