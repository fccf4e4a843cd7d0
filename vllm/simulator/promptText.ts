import type { Reply } from "./brain.ts";
import type { ChatRequest } from "./turn.ts";

/**
 * The text a chat template would make of a request: system prompt, tools, then the conversation. An answer's text is laid
 * out as the next request repeats it, so that both have the same cache blocks.
 */
export function promptText(request: ChatRequest): string {
  const system = request.messages.filter(({ role }) => role === "system" || role === "developer");
  const rest = request.messages.filter(({ role }) => role !== "system" && role !== "developer");
  const line = (message: ChatRequest["messages"][number]): string => {
    const { content } = message;
    const text =
      typeof content === "string" ? content : (content ?? []).map((part) => part.text ?? JSON.stringify(part)).join("");
    const calls = (message.tool_calls ?? []).map(({ function: made }) => callText(made.name, made.arguments));
    return messageText(message.role, text, calls);
  };
  return [
    ...system.map(line),
    ...(request.tools ?? []).map((tool) => `${JSON.stringify(tool)}\n`),
    ...rest.map(line),
  ].join("");
}

/** A reply as the next request's prompt has it. */
export function replyText(reply: Reply): string {
  return messageText("assistant", reply.text ?? "", callTexts(reply));
}

/** What a reply's tokens are made of. */
export const spokenText = (reply: Reply): string => (reply.text ?? "") + callTexts(reply).join("");

const callTexts = (reply: Reply): string[] =>
  (reply.toolCalls ?? []).map((made) =>
    callText(made.name, typeof made.arguments === "string" ? made.arguments : JSON.stringify(made.arguments)),
  );
const callText = (name: string, args: string): string => `${name}${args}`;
const messageText = (role: string, text: string, calls: readonly string[]): string =>
  `${role}\n${text}${calls.join("")}\n`;
