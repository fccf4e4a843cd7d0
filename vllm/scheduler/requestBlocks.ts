import type { BlockPool } from "./blockPool.ts";

/** How a server's cache is cut into blocks. */
export interface BlockSettings {
  blocks: number;
  /** Tokens. */
  blockSize: number;
  attentionGroups: number;
  /** Groups of recurrent layers; 0 for a model without. */
  stateGroups: number;
  /** State blocks a request holds in each of those groups: 2 where states are cached at block borders ("align"). */
  stateBlocksPerGroup: number;
}

/** What a request holds of the cache. */
export interface BlockHolder {
  promptTokens: number;
  /** Keys of the full blocks of prompt and output, each standing for all before it too. */
  keys: readonly string[];
  /** Tokens. */
  computed: number;
  generated: number;
  /** Keys of cached attention blocks in use, in order; then blocks without key. */
  held: string[];
  own: number;
  /** Key of the state checkpoint in use. */
  checkpoint: string | undefined;
}

/** Which blocks of the pool a request needs, finds cached, fills and gives back. */
export class RequestBlocks {
  private readonly settings: BlockSettings;
  private readonly pool: BlockPool;

  constructor(settings: BlockSettings, pool: BlockPool) {
    this.settings = settings;
    this.pool = pool;
  }

  /** Whether a request of so many tokens could ever run. */
  fits(tokens: number): boolean {
    return this.attentionBlocks(tokens) + this.mostStates <= this.settings.blocks;
  }

  /** Tokens of the longest request that could. */
  get mostTokens(): number {
    const { blockSize, attentionGroups, blocks } = this.settings;
    return Math.max(0, Math.floor((blocks - this.mostStates) / attentionGroups)) * blockSize;
  }

  /** Takes the blocks a waiting request finds cached (`hit` of them); false where its whole sequence has no room. */
  enter(request: BlockHolder, hit: number): boolean {
    const { settings, pool } = this;
    const keys = request.keys.slice(0, hit).map(attentionKey);
    const checkpoint = hit > 0 && settings.stateGroups > 0 ? stateKey(request.keys[hit - 1] ?? "") : undefined;
    const total = request.promptTokens + request.generated;
    // The whole sequence has to fit, not its first chunk alone (scheduler_reserve_full_isl, on by default).
    const wanted = this.attentionBlocks(total) - hit * settings.attentionGroups + this.stateBlocks;
    const kept = checkpoint === undefined ? keys : [...keys, checkpoint];
    if (wanted + pool.idleAmong(kept) > pool.free) return false;
    for (const key of kept) pool.use(key);
    request.held = keys;
    request.checkpoint = checkpoint;
    request.computed = hit * settings.blockSize;
    pool.take(this.stateBlocks);
    return true;
  }

  /** Blocks that become full are cached, and the state at a block's border where a chunk ends there. */
  advance(request: BlockHolder, count: number): void {
    const { blockSize, attentionGroups, stateGroups, stateBlocksPerGroup } = this.settings;
    request.computed += count;
    const full = Math.min(Math.floor(request.computed / blockSize), request.keys.length);
    for (let index = request.held.length; index < full; index += 1) {
      const key = attentionKey(request.keys[index] ?? "");
      // Where somebody else computed the same at the same time, theirs is used from now on.
      if (!this.pool.store(key, attentionGroups)) {
        this.pool.use(key);
        this.pool.give(attentionGroups);
      }
      request.held.push(key);
      request.own -= 1;
    }
    if (stateGroups === 0 || stateBlocksPerGroup < 2 || request.computed % blockSize !== 0) return;
    const border = request.keys[request.computed / blockSize - 1];
    if (border === undefined) return;
    const key = stateKey(border);
    if (key === request.checkpoint) return;
    if (this.pool.has(key)) this.pool.use(key);
    else if (this.pool.take(stateGroups)) this.pool.store(key, stateGroups);
    else return;
    if (request.checkpoint !== undefined) this.pool.leave(request.checkpoint);
    request.checkpoint = key;
  }

  /** Tokens of a request to compute now: the rest, what the budget allows, cut to a block's border where states are cached. */
  chunk(request: BlockHolder, from: number, budget: number): number {
    const { blockSize, stateGroups, stateBlocksPerGroup } = this.settings;
    const total = request.promptTokens + request.generated;
    const count = Math.min(total - from, budget);
    if (stateGroups === 0 || stateBlocksPerGroup < 2 || from >= Math.max(request.promptTokens, total - 1)) return count;
    const last = total - (total % blockSize);
    if (from + count < last) return Math.floor(count / blockSize) * blockSize;
    return from < last && last < from + count ? last - from : count;
  }

  /** Blocks of its beginning that are cached. */
  hit(request: BlockHolder): number {
    const { blockSize, stateGroups, stateBlocksPerGroup } = this.settings;
    if (stateGroups > 0 && stateBlocksPerGroup < 2) return 0;
    // The last token is always computed: it gives the first one of the answer.
    const most = Math.min(request.keys.length, Math.floor((request.promptTokens + request.generated - 1) / blockSize));
    let known = 0;
    while (known < most && this.pool.has(attentionKey(request.keys[known] ?? ""))) known += 1;
    if (stateGroups === 0) return known;
    while (known > 0 && !this.pool.has(stateKey(request.keys[known - 1] ?? ""))) known -= 1;
    return known;
  }

  /** Blocks for the first `tokens` tokens of a running request; false where there are not enough. */
  grow(request: BlockHolder, tokens: number): boolean {
    const { attentionGroups } = this.settings;
    const have = request.held.length + request.own;
    const more = this.attentionBlocks(tokens) / attentionGroups - have;
    if (more <= 0) return true;
    if (!this.pool.take(more * attentionGroups)) return false;
    request.own += more;
    return true;
  }

  /** Gives back all that a request holds. */
  release(request: BlockHolder): void {
    // The end of a prompt is left first, so that it is forgotten first: its beginning serves more others.
    for (const key of [...request.held].reverse()) this.pool.leave(key);
    if (request.checkpoint !== undefined) this.pool.leave(request.checkpoint);
    this.pool.give(request.own * this.settings.attentionGroups + this.stateBlocks);
    request.held = [];
    request.own = 0;
    request.checkpoint = undefined;
  }

  private attentionBlocks(tokens: number): number {
    return Math.ceil(tokens / this.settings.blockSize) * this.settings.attentionGroups;
  }

  /** State blocks of a running request beside the checkpoint it uses. */
  private get stateBlocks(): number {
    return this.settings.stateGroups;
  }

  private get mostStates(): number {
    return this.settings.stateGroups * this.settings.stateBlocksPerGroup;
  }
}

const attentionKey = (key: string): string => `a${key}`;
const stateKey = (key: string): string => `s${key}`;
