import { createHash } from "node:crypto";
import { CHARACTERS_PER_TOKEN } from "./surface.ts";

/**
 * The keys of a text's full cache blocks: each stands for its own tokens and all before it, as vLLM's block hashes do.
 *
 * @param blockSize tokens of a block; a token is as long as everywhere in this server
 */
export function blockKeys(text: string, blockSize: number): string[] {
  const step = blockSize * CHARACTERS_PER_TOKEN;
  const keys: string[] = [];
  let chain = "";
  for (let end = step; end <= text.length; end += step) {
    chain = createHash("sha1")
      .update(chain)
      .update(text.slice(end - step, end))
      .digest("base64");
    keys.push(chain);
  }
  return keys;
}
