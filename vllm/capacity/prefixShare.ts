import { createHash } from "node:crypto";

/**
 * How much of the prompts a server with an unbounded prefix cache would find there, counted as vLLM counts: from the first
 * token on, each stretch known by its tokens and all before it. The last token is always computed, so that a prompt found
 * whole still gives an answer.
 *
 * With units smaller than a block (`--prefix-match-unit`) a hybrid also finds what lies inside a block, but only where a state
 * was kept: at the last unit of an earlier prompt (vLLM 0.32: `MambaManager._cache_partial_tail_block`).
 *
 * @param prompts in the order in which they were sent; strings of one token each, or ids
 * @param block tokens of a cache block
 * @param unit tokens of the smallest stretch that is found; a divisor of the block
 * @returns tokens found and tokens in all, and their ratio (1 where there were none)
 */
export function prefixShare(
  prompts: readonly (readonly string[])[],
  block: number,
  unit: number = block,
): { cached: number; prompt: number; share: number } {
  const known = new Set<string>();
  let cached = 0;
  let prompt = 0;
  for (const tokens of prompts) {
    prompt += tokens.length;
    const tail = Math.floor((tokens.length - 1) / unit) * unit;
    let chain = "";
    let found = 0;
    const kept: string[] = [];
    for (let end = unit; end <= tokens.length; end += unit) {
      chain = createHash("sha256")
        .update(chain)
        .update(JSON.stringify(tokens.slice(end - unit, end)))
        .digest("base64");
      if (known.has(chain) && end < tokens.length) found = end;
      if (end % block === 0 || end === tail) kept.push(chain);
    }
    cached += found;
    for (const each of kept) known.add(each);
  }
  return { cached, prompt, share: prompt === 0 ? 1 : cached / prompt };
}
