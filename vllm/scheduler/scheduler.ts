import { BlockPool } from "./blockPool.ts";
import { type BlockHolder, type BlockSettings, RequestBlocks } from "./requestBlocks.ts";
import { type StepCosts, stepMs } from "./stepTime.ts";

/** How a server is set up. */
export interface SchedulerSettings extends BlockSettings {
  maxNumSeqs: number;
  /** Tokens of one step. */
  maxNumBatchedTokens: number;
  /** Tokens of one request. */
  maxModelLen: number;
  policy: "fcfs" | "priority";
  costs: StepCosts;
}

/** A request as the scheduler sees it. */
export interface SchedulerRequest {
  id: string;
  promptTokens: number;
  outputTokens: number;
  /** Keys of the full blocks of prompt and output, each standing for all before it too. */
  keys: readonly string[];
  /** Lower goes first under the policy "priority". */
  priority: number;
}

/** What one step did. */
export interface Step {
  ms: number;
  /** Requests that got a token, in the order of the batch. */
  tokens: readonly string[];
  /** Those of them that are complete. */
  finished: readonly string[];
  /** Requests thrown out of the batch, to be computed again. */
  preempted: readonly string[];
  /** Requests that entered the batch, with the prompt tokens found in the cache. */
  admitted: readonly { id: string; cachedTokens: number; again: boolean }[];
  /** Tokens computed. */
  computed: number;
}

interface State extends SchedulerRequest, BlockHolder {
  arrival: number;
  wasPreempted: boolean;
}

/** A request that can never be served by this server. */
export class TooLong extends Error {
  constructor(tokens: number, most: number) {
    super(`the request needs ${tokens} tokens; this server has room for ${most}`);
    this.name = "TooLong";
  }
}

/**
 * vLLM V1's continuous batching, step by step: running requests first, in order, decodes and chunks of prompts in one token
 * budget; then waiting ones while there is budget, a place and room for their whole prompt; when blocks run out the last
 * (or least important) request is thrown out and computed again. Prefixes are cached by block; a model with recurrent layers
 * hits only where a state was kept, which is at the ends of chunks, cut to block borders. Knows no clock and no chance.
 */
export class Scheduler {
  readonly pool: BlockPool;
  private readonly settings: SchedulerSettings;
  private readonly blocks: RequestBlocks;
  private running: State[] = [];
  private waiting: State[] = [];
  private arrivals = 0;

  /** Throws a RangeError where states are cached at block borders and a step has no room for a block, as vLLM does. */
  constructor(settings: SchedulerSettings) {
    if (
      settings.stateGroups > 0 &&
      settings.stateBlocksPerGroup > 1 &&
      settings.maxNumBatchedTokens < settings.blockSize
    )
      throw new RangeError(
        `max-num-batched-tokens ${settings.maxNumBatchedTokens} is below the block of ${settings.blockSize} tokens`,
      );
    this.settings = settings;
    this.pool = new BlockPool(settings.blocks);
    this.blocks = new RequestBlocks(settings, this.pool);
  }

  get runningCount(): number {
    return this.running.length;
  }

  get waitingCount(): number {
    return this.waiting.length;
  }

  /** Takes a request in. Throws TooLong where it could never run. */
  add(request: SchedulerRequest): void {
    const tokens = request.promptTokens + request.outputTokens;
    const { maxModelLen } = this.settings;
    if (tokens > maxModelLen) throw new TooLong(tokens, maxModelLen);
    if (!this.blocks.fits(tokens)) throw new TooLong(tokens, this.blocks.mostTokens);
    this.waiting.push({
      ...request,
      arrival: this.arrivals++,
      computed: 0,
      generated: 0,
      held: [],
      own: 0,
      checkpoint: undefined,
      wasPreempted: false,
    });
    this.orderWaiting();
  }

  /** Forgets a request, wherever it is. */
  abort(id: string): void {
    const found = this.running.find((one) => one.id === id);
    if (found) this.blocks.release(found);
    this.running = this.running.filter((one) => one.id !== id);
    this.waiting = this.waiting.filter((one) => one.id !== id);
  }

  /** One step; undefined where there is nothing to do. */
  step(): Step | undefined {
    const { settings } = this;
    let budget = settings.maxNumBatchedTokens;
    const scheduled = new Map<State, number>();
    const preempted: State[] = [];
    for (let index = 0; index < this.running.length && budget > 0; index += 1) {
      const request = this.running[index];
      if (!request) break;
      const count = this.blocks.chunk(request, request.computed, budget);
      if (count === 0) continue;
      let gone = false;
      while (!this.blocks.grow(request, request.computed + count)) {
        const victim = this.victim();
        preempted.push(victim);
        budget += scheduled.get(victim) ?? 0;
        scheduled.delete(victim);
        if (this.running.indexOf(victim) < index) index -= 1;
        this.preempt(victim);
        if (victim === request) {
          gone = true;
          break;
        }
      }
      if (gone) break;
      scheduled.set(request, count);
      budget -= count;
    }
    const admitted = preempted.length === 0 ? this.admit(scheduled, budget) : [];
    const thrownOut = preempted.map(({ id }) => id);
    if (scheduled.size > 0) return this.compute(scheduled, { preempted: thrownOut, admitted });
    // The only one that could go on threw itself out: with its blocks free the queue moves.
    const next = preempted.length > 0 ? this.step() : undefined;
    return next && { ...next, preempted: [...thrownOut, ...next.preempted] };
  }

  private admit(scheduled: Map<State, number>, left: number): Step["admitted"][number][] {
    const { settings } = this;
    const admitted: Step["admitted"][number][] = [];
    let budget = left;
    while (budget > 0 && this.running.length < settings.maxNumSeqs) {
      const request = this.waiting[0];
      if (!request) break;
      const hit = this.blocks.hit(request);
      const cached = hit * settings.blockSize;
      const count = this.blocks.chunk(request, cached, budget);
      if (count === 0) break;
      if (!this.blocks.enter(request, hit)) break;
      this.waiting.shift();
      this.running.push(request);
      if (!this.blocks.grow(request, cached + count)) throw new Error("room that was there is gone");
      scheduled.set(request, count);
      budget -= count;
      admitted.push({ id: request.id, cachedTokens: cached, again: request.wasPreempted });
    }
    return admitted;
  }

  private compute(scheduled: ReadonlyMap<State, number>, about: Pick<Step, "preempted" | "admitted">): Step {
    let prefillTokens = 0;
    let prefillPairs = 0;
    let decodes = 0;
    let decodeContext = 0;
    let computed = 0;
    const tokens: string[] = [];
    const finished: State[] = [];
    for (const [request, count] of scheduled) {
      if (count === 1 && request.computed >= request.promptTokens) {
        decodes += 1;
        decodeContext += request.computed;
      } else {
        prefillTokens += count;
        prefillPairs += count * (request.computed + count / 2);
      }
      computed += count;
      this.blocks.advance(request, count);
      if (request.computed < request.promptTokens + request.generated) continue;
      request.generated += 1;
      tokens.push(request.id);
      if (request.generated >= request.outputTokens) finished.push(request);
    }
    for (const request of finished) this.blocks.release(request);
    const done = new Set(finished);
    this.running = this.running.filter((request) => !done.has(request));
    return {
      ms: stepMs(this.settings.costs, {
        prefillTokens,
        prefillPairs,
        decodes,
        decodeContext,
        sequences: scheduled.size,
      }),
      tokens,
      finished: finished.map(({ id }) => id),
      computed,
      ...about,
    };
  }

  private victim(): State {
    const { running } = this;
    const last = running.at(-1);
    if (!last) throw new Error("no running request to throw out");
    if (this.settings.policy === "fcfs") return last;
    return running.reduce((worst, one) => (compare(one, worst) > 0 ? one : worst), last);
  }

  private preempt(request: State): void {
    this.blocks.release(request);
    this.running = this.running.filter((one) => one !== request);
    request.computed = 0;
    request.wasPreempted = true;
    this.waiting.unshift(request);
    this.orderWaiting();
  }

  private orderWaiting(): void {
    if (this.settings.policy === "priority") this.waiting.sort(compare);
  }
}

const compare = (a: State, b: State): number => a.priority - b.priority || a.arrival - b.arrival;
