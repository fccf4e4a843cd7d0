/** Blocks that lie in the cache under a key, `weight` of them. */
interface Entry {
  weight: number;
  /** Requests that use it. */
  users: number;
}

/**
 * A pool of KV blocks with a prefix cache: blocks nobody uses keep their content until their place is needed, and go in the
 * order in which they were left.
 */
export class BlockPool {
  readonly size: number;
  /** Blocks without content. */
  private blank: number;
  private readonly entries = new Map<string, Entry>();
  /** Entries nobody uses, the longest unused first, and their blocks. */
  private readonly idle = new Map<string, Entry>();
  private idleBlocks = 0;

  constructor(size: number) {
    this.size = size;
    this.blank = size;
  }

  /** Blocks that can be had. */
  get free(): number {
    return this.blank + this.idleBlocks;
  }

  /** Blocks in use. */
  get used(): number {
    return this.size - this.free;
  }

  has(key: string): boolean {
    return this.entries.has(key);
  }

  /** Blocks among those cached under these keys that nobody uses: to use them makes them unavailable to others. */
  idleAmong(keys: readonly string[]): number {
    return keys.reduce((sum, key) => sum + (this.idle.get(key)?.weight ?? 0), 0);
  }

  /** Takes `count` blocks, forgetting content where needed; false, and nothing taken, where there are not as many. */
  take(count: number): boolean {
    if (count > this.free) return false;
    for (const [key, entry] of this.idle) {
      if (this.blank >= count) break;
      this.idle.delete(key);
      this.entries.delete(key);
      this.idleBlocks -= entry.weight;
      this.blank += entry.weight;
    }
    this.blank -= count;
    return true;
  }

  /** Gives blocks without content back. */
  give(count: number): void {
    this.blank += count;
  }

  /** Puts `weight` blocks the caller took under a key; it goes on using them. False where the key is there already. */
  store(key: string, weight: number): boolean {
    if (this.entries.has(key)) return false;
    this.entries.set(key, { weight, users: 1 });
    return true;
  }

  /** Uses what lies under a key. */
  use(key: string): void {
    const entry = this.entries.get(key);
    if (!entry) throw new Error("a block that is not in the cache cannot be used");
    if (entry.users === 0) {
      this.idle.delete(key);
      this.idleBlocks -= entry.weight;
    }
    entry.users += 1;
  }

  /** Uses it no more. */
  leave(key: string): void {
    const entry = this.entries.get(key);
    if (!entry || entry.users === 0) throw new Error("a block that is not in use cannot be left");
    entry.users -= 1;
    if (entry.users > 0) return;
    this.idle.set(key, entry);
    this.idleBlocks += entry.weight;
  }
}
