/** What a server says of its KV cache at its start. */
export interface CacheLabels {
  /** Tokens of a block. */
  blockSize?: number | undefined;
  blocks?: number | undefined;
  /** "GPU KV cache size" in tokens: of requests of the whole context. */
  kvCacheTokens?: number | undefined;
  /** Requests of the whole context that fit. */
  maxConcurrency?: number | undefined;
}

export interface Pool {
  /** Tokens its blocks hold where nothing else is in them. */
  tokens: number;
  /**
   * Tokens' worth of blocks a session takes beside its own: the states of recurrent layers, and half a block that is not full.
   * With a hybrid's large blocks this is more than a short session's prompt.
   */
  perSession: number;
}

/**
 * The pool as sessions fill it. vLLM states its size for requests of the whole context, where the states hardly count; from
 * that and from the blocks follows what a request takes beside its tokens. A server that gives no blocks is taken at its word;
 * undefined where it says nothing.
 */
export function poolOf({ blockSize, blocks, kvCacheTokens, maxConcurrency }: CacheLabels): Pool | undefined {
  if (kvCacheTokens === undefined || kvCacheTokens <= 0) return undefined;
  if (!blockSize || !blocks || !maxConcurrency) return { tokens: kvCacheTokens, perSession: 0 };
  const inContext = Math.ceil(kvCacheTokens / maxConcurrency / blockSize);
  const ofRequest = Math.round(blocks / maxConcurrency);
  // Blocks that cover the same tokens: one for each group of attention layers.
  const groups = Math.floor(ofRequest / inContext);
  if (groups < 1) return { tokens: kvCacheTokens, perSession: 0 };
  const states = ofRequest - groups * inContext;
  return {
    tokens: Math.floor((blocks * blockSize) / groups),
    perSession: Math.ceil((states / groups + 0.5) * blockSize),
  };
}
