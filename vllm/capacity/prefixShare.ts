import { createHash } from "node:crypto";

/**
 * How much of the prompts a server with an unbounded prefix cache would find there, counted as vLLM counts: whole blocks from
 * the first token on, each known by its tokens and all before it. The last token is always computed, so that a prompt
 * found whole still gives an answer.
 *
 * @param prompts in the order in which they were sent; strings of one token each, or ids
 * @param block tokens of a cache block
 * @returns tokens found and tokens in all, and their ratio (1 where there were none)
 */
export function prefixShare(
  prompts: readonly (readonly string[])[],
  block: number,
): { cached: number; prompt: number; share: number } {
  const known = new Set<string>();
  let cached = 0;
  let prompt = 0;
  for (const tokens of prompts) {
    prompt += tokens.length;
    let chain = "";
    let found = true;
    for (let end = block; end <= tokens.length; end += block) {
      chain = createHash("sha256")
        .update(chain)
        .update(JSON.stringify(tokens.slice(end - block, end)))
        .digest("base64");
      found &&= known.has(chain) && end < tokens.length;
      if (found) cached += block;
      known.add(chain);
    }
  }
  return { cached, prompt, share: prompt === 0 ? 1 : cached / prompt };
}
