import type { Brain } from "./brain.ts";
import { CHARACTERS_PER_TOKEN } from "./surface.ts";

const SENTENCE = "Simulated filler, not a model's words. ";
/** Tokens where the client sets no limit. */
const USUAL = 64;

/** Says as many tokens as the client allows, and that nobody thought them; where tools are offered and little is allowed, a call. */
export const filler: Brain = ({ maxTokens, tools, assistantTurns }) => {
  const length = (maxTokens ?? USUAL) * CHARACTERS_PER_TOKEN;
  const text = SENTENCE.repeat(Math.ceil(length / SENTENCE.length)).slice(0, length);
  const tool = tools[0];
  if (tool !== undefined && assistantTurns === 0) return { toolCalls: [{ name: tool, arguments: {} }] };
  return { text, ...(maxTokens === undefined ? {} : { finishReason: "length" }) };
};
