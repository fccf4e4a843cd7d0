import { type CacheInfo, Counters, type Gauges } from "./metrics.ts";
import { blockKeys } from "./promptBlocks.ts";
import { countTokens } from "./surface.ts";

/** What decides when tokens come: at once, or at the pace of a modelled GPU. */
export interface Engine {
  readonly counters: Counters;
  readonly cache: CacheInfo;
  gauges(): Gauges;
  /** Takes a request in. `prompt` is its text as a chat template would lay it out; lower `priority` goes first. */
  begin(request: { prompt: string; priority: number; signal: AbortSignal }): EngineRequest;
  close(): void;
}

/** One request inside an engine. */
export interface EngineRequest {
  promptTokens: number;
  /** Prompt tokens found in the prefix cache; 0 until that is known. */
  cachedTokens(): number;
  /**
   * What will be said, as the next request's prompt will have it, and how many tokens that is. Called once. Says why where
   * the server has no room for it.
   */
  answer(text: string, tokens: number): string | undefined;
  /** Modelled milliseconds at which token number `index` (from 0) was made; undefined where nobody models time. */
  madeAt(index: number): number | undefined;
  /** How many tokens may be sent now; resolves when it is more than `sent`. Resolves too when the client is gone. */
  ready(sent: number): Promise<number>;
  /** A script has the request wait in the server's queue, until the returned function is called. */
  queue(): () => void;
  /** The first byte goes out. */
  firstByte(): void;
  /** The request is over; `reason` undefined where it was not answered. Called once. */
  end(reason: string | undefined): void;
}

/** vLLM's default block of dense models, and a pool nobody fills. */
const BLOCK = 16;
const BLOCKS = 262_144;

/** Answers as fast as it goes. Its prefix cache never forgets. */
export class InstantEngine implements Engine {
  readonly counters = new Counters();
  readonly cache: CacheInfo;
  private readonly known = new Set<string>();
  private running = 0;
  private waiting = 0;
  private tokens = 0;

  /** @param context tokens of one request */
  constructor(context: number) {
    const kvCacheTokens = BLOCK * BLOCKS;
    this.cache = {
      blockSize: BLOCK,
      blocks: BLOCKS,
      kvCacheTokens,
      maxConcurrency: kvCacheTokens / context,
      dtype: "auto",
      utilization: 0.92,
    };
  }

  gauges(): Gauges {
    return {
      running: this.running,
      waiting: this.waiting,
      kvUsage: Math.min(1, this.tokens / this.cache.kvCacheTokens),
    };
  }

  begin({ prompt }: { prompt: string }): EngineRequest {
    const { counters } = this;
    const began = performance.now();
    const seconds = () => (performance.now() - began) / 1000;
    const promptTokens = countTokens(prompt);
    const keys = blockKeys(prompt, BLOCK);
    const missing = keys.findIndex((key) => !this.known.has(key));
    for (const key of keys) this.known.add(key);
    // The last token is always computed: an answer needs it.
    const found = Math.min(missing === -1 ? keys.length : missing, Math.floor((promptTokens - 1) / BLOCK));
    const cached = Math.max(0, found) * BLOCK;
    this.running += 1;
    this.tokens += promptTokens;
    counters.promptTokens += promptTokens;
    counters.prefixQueries += promptTokens;
    counters.prefixHits += cached;
    let begun = false;
    let waits = false;
    const leaveQueue = () => {
      if (!waits) return;
      waits = false;
      this.waiting -= 1;
      this.running += 1;
    };
    let answered = 0;
    let first = 0;
    return {
      promptTokens,
      cachedTokens: () => cached,
      madeAt: () => undefined,
      answer: (_, tokens) => {
        answered = tokens;
        counters.generationTokens += tokens;
        return undefined;
      },
      ready: () => Promise.resolve(Number.POSITIVE_INFINITY),
      queue: () => {
        waits = true;
        this.waiting += 1;
        this.running -= 1;
        return leaveQueue;
      },
      firstByte: () => {
        if (begun) return;
        begun = true;
        first = seconds();
        counters.ttft.observe(first);
        counters.queue.observe(first);
      },
      end: (reason) => {
        leaveQueue();
        this.running -= 1;
        this.tokens -= promptTokens;
        if (reason === undefined) return;
        counters.finish(reason);
        counters.e2e.observe(seconds());
        if (answered > 1) counters.itl.observe((seconds() - first) / (answered - 1), answered - 1);
      },
    };
  }

  close(): void {
    this.known.clear();
  }
}
