import type { Reply } from "./brain.ts";
import { spokenText } from "./promptText.ts";
import { countTokens } from "./surface.ts";

/** Tokens of a reply; at least one. */
export const replyTokens = (reply: Reply): number => Math.max(1, countTokens(spokenText(reply)));

/** A reply in the form aimock sends it, with its usage. */
export function completionOf(reply: Reply, about: { model: string; promptTokens: number }) {
  const completion = replyTokens(reply);
  const common = {
    model: about.model,
    usage: {
      prompt_tokens: about.promptTokens,
      completion_tokens: completion,
      total_tokens: about.promptTokens + completion,
    },
    systemFingerprint: "scripted",
    ...(reply.finishReason === undefined ? {} : { finishReason: reply.finishReason }),
  };
  if (!reply.toolCalls?.length) return { content: reply.text ?? "", ...common };
  const toolCalls = reply.toolCalls.map((made) => ({
    name: made.name,
    arguments: typeof made.arguments === "string" ? made.arguments : JSON.stringify(made.arguments),
  }));
  return reply.text === undefined ? { toolCalls, ...common } : { content: reply.text, toolCalls, ...common };
}
