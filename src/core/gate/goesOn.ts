import { isObject, parseJson } from "./json.ts";

/**
 * Whether a chat-completions request goes on from the result of one tool call: that result is among those at the end of its
 * messages. A word of anybody's behind it (a person, a queued prompt, a request for a summary) makes it another request.
 *
 * @param body the request body as text; one that asks for no stream is none of a session's turn
 * @param call the id of the tool call
 */
export function goesOnFrom(body: string, call: string): boolean {
  const parsed = parseJson(body);
  if (!isObject(parsed) || parsed.stream !== true || !Array.isArray(parsed.messages)) return false;
  for (const message of [...parsed.messages].reverse()) {
    if (!isObject(message) || message.role !== "tool") return false;
    if (message.tool_call_id === call) return true;
  }
  return false;
}
