import { isObject, type Json } from "./json.ts";

/** Tokens of one request as the server counted them. */
export interface TokenUsage {
  prompt: number;
  /** Of the prompt, those the prefix cache had; absent where the server does not say (vLLM: `--enable-prompt-tokens-details`). */
  cached?: number;
  output: number;
}

/** The `usage` of a completion or of a stream's last chunk; undefined where there is none. */
export function usageOf(usage: Json | undefined): TokenUsage | undefined {
  if (!isObject(usage)) return undefined;
  const { prompt_tokens: prompt, completion_tokens: output, prompt_tokens_details: details } = usage;
  if (typeof prompt !== "number" || typeof output !== "number") return undefined;
  const cached = isObject(details) ? details.cached_tokens : undefined;
  return { prompt, output, ...(typeof cached === "number" ? { cached } : {}) };
}
