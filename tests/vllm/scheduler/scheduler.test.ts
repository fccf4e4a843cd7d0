import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  Scheduler,
  type SchedulerRequest,
  type SchedulerSettings,
  type Step,
  TooLong,
} from "../../../vllm/scheduler/scheduler.ts";
import type { StepCosts } from "../../../vllm/scheduler/stepTime.ts";

const costs: StepCosts = {
  base: 4,
  perSequence: 0.1,
  denseRead: 1,
  expertRead: 10,
  expertShare: 0.02,
  perContextToken: 0.000_01,
  perState: 0.01,
  perPrefillToken: 0.03,
  perPair: 0.000_000_3,
};
const dense: SchedulerSettings = {
  maxNumSeqs: 4,
  maxNumBatchedTokens: 64,
  maxModelLen: 1000,
  blocks: 40,
  blockSize: 16,
  attentionGroups: 1,
  stateGroups: 0,
  stateBlocksPerGroup: 0,
  policy: "fcfs",
  costs,
};
const hybrid: SchedulerSettings = { ...dense, stateGroups: 3, stateBlocksPerGroup: 2, blocks: 60 };

/** Keys of a request whose first `shared` blocks are everybody's. */
const keysOf = (id: string, blocks: number, shared: number): string[] =>
  Array.from({ length: blocks }, (_, index) => (index < shared ? `common${index}` : `${id}/${index}`));

function request(
  id: string,
  promptTokens: number,
  outputTokens: number,
  more: { shared?: number; priority?: number } = {},
): SchedulerRequest {
  const keys = keysOf(id, Math.floor((promptTokens + outputTokens) / 16), more.shared ?? 0);
  return { id, promptTokens, outputTokens, keys, priority: more.priority ?? 0 };
}

function drain(scheduler: Scheduler, most = 20_000): Step[] {
  const steps: Step[] = [];
  for (let step = scheduler.step(); step; step = scheduler.step()) {
    steps.push(step);
    if (steps.length > most) throw new Error("the scheduler does not end");
  }
  return steps;
}

const settings = fc.record({
  maxNumSeqs: fc.integer({ min: 1, max: 6 }),
  maxNumBatchedTokens: fc.integer({ min: 16, max: 200 }),
  blocks: fc.integer({ min: 20, max: 80 }),
  stateGroups: fc.constantFrom(0, 1, 3),
  stateBlocksPerGroup: fc.constantFrom(1, 2),
  policy: fc.constantFrom("fcfs" as const, "priority" as const),
});
const requests = fc.array(
  fc.record({
    prompt: fc.integer({ min: 1, max: 200 }),
    output: fc.integer({ min: 1, max: 60 }),
    shared: fc.integer({ min: 0, max: 8 }),
    priority: fc.integer({ min: 0, max: 2 }),
    /** Steps before it comes. */
    after: fc.integer({ min: 0, max: 6 }),
  }),
  { minLength: 1, maxLength: 14 },
);

describe("whatever comes", () => {
  it("loses no token, keeps to the pool, the places and the budget, and always works while there is work", () => {
    fc.assert(
      fc.property(settings, requests, (given, list) => {
        const all: SchedulerSettings = { ...dense, ...given };
        const scheduler = new Scheduler(all);
        const made = new Map<string, number>();
        const ended: string[] = [];
        const look = (step: Step) => {
          expect(step.computed).toBeLessThanOrEqual(all.maxNumBatchedTokens);
          expect(step.computed).toBeGreaterThan(0);
          expect(step.ms).toBeGreaterThan(0);
          for (const id of step.tokens) made.set(id, (made.get(id) ?? 0) + 1);
          ended.push(...step.finished);
          expect(scheduler.pool.free).toBeGreaterThanOrEqual(0);
          expect(scheduler.pool.used).toBeGreaterThanOrEqual(0);
          expect(scheduler.runningCount).toBeLessThanOrEqual(all.maxNumSeqs);
        };
        const accepted: { id: string; output: number }[] = [];
        for (const [index, one] of list.entries()) {
          for (let wait = 0; wait < one.after; wait += 1) {
            const busy = scheduler.runningCount + scheduler.waitingCount > 0;
            const step = scheduler.step();
            expect(step !== undefined).toBe(busy);
            if (step) look(step);
          }
          const id = `r${index}`;
          try {
            scheduler.add(request(id, one.prompt, one.output, one));
            accepted.push({ id, output: one.output });
          } catch (error) {
            expect(error).toBeInstanceOf(TooLong);
          }
        }
        for (const step of drain(scheduler)) look(step);
        for (const { id, output } of accepted) expect(made.get(id)).toBe(output);
        expect([...ended].sort()).toEqual(accepted.map(({ id }) => id).sort());
        expect(scheduler.pool.used).toBe(0);
        expect(scheduler.pool.free).toBe(all.blocks);
      }),
      { numRuns: 300 },
    );
  });

  it("does the same again", () => {
    fc.assert(
      fc.property(settings, requests, (given, list) => {
        const run = () => {
          const scheduler = new Scheduler({ ...hybrid, ...given });
          for (const [index, one] of list.entries())
            if (one.prompt + one.output < 200) scheduler.add(request(`r${index}`, one.prompt, one.output, one));
          return drain(scheduler);
        };
        expect(run()).toEqual(run());
      }),
      { numRuns: 50 },
    );
  });

  it("frees everything of whoever leaves", () => {
    fc.assert(
      fc.property(settings, requests, fc.nat(30), (given, list, at) => {
        const scheduler = new Scheduler({ ...dense, ...given, blocks: 80 });
        for (const [index, one] of list.entries()) scheduler.add(request(`r${index}`, one.prompt, one.output, one));
        for (let step = 0; step < at; step += 1) scheduler.step();
        for (const index of list.keys()) scheduler.abort(`r${index}`);
        expect(scheduler.pool.used).toBe(0);
        expect(scheduler.step()).toBeUndefined();
      }),
    );
  });
});

const admissions = (steps: readonly Step[]): string[] =>
  steps.flatMap(({ admitted }) => admitted.filter(({ again }) => !again).map(({ id }) => id));

it("lets requests in as they came, or by priority where it is told so", () => {
  const list = [
    request("a", 30, 5, { priority: 2 }),
    request("b", 30, 5, { priority: 0 }),
    request("c", 30, 5, { priority: 1 }),
  ];
  const order = (policy: "fcfs" | "priority") => {
    const scheduler = new Scheduler({ ...dense, policy, maxNumSeqs: 1 });
    for (const one of list) scheduler.add(one);
    return admissions(drain(scheduler));
  };
  expect(order("fcfs")).toEqual(["a", "b", "c"]);
  expect(order("priority")).toEqual(["b", "c", "a"]);
});

it("cuts a long prompt to the budget and lets decodes go on beside it", () => {
  const scheduler = new Scheduler({ ...dense, maxNumBatchedTokens: 32 });
  scheduler.add(request("short", 10, 20));
  expect(scheduler.step()).toMatchObject({ tokens: ["short"], computed: 10 });
  scheduler.add(request("long", 100, 2));
  const next = [scheduler.step(), scheduler.step(), scheduler.step()];
  expect(next.map((step) => step?.computed)).toEqual([32, 32, 32]);
  expect(next.map((step) => step?.tokens)).toEqual([["short"], ["short"], ["short"]]);
  expect(scheduler.step()).toMatchObject({ tokens: ["short", "long"], computed: 8 });
});

it("finds a prefix that another request left, and computes the last token all the same", () => {
  const scheduler = new Scheduler(dense);
  scheduler.add(request("first", 64, 1, { shared: 4 }));
  drain(scheduler);
  scheduler.add(request("second", 64, 1, { shared: 4 }));
  expect(scheduler.step()).toMatchObject({ admitted: [{ id: "second", cachedTokens: 48 }], computed: 16 });
});

it("forgets the longest unused prefix first", () => {
  const scheduler = new Scheduler({ ...dense, blocks: 12 });
  for (const id of ["old", "new"]) {
    scheduler.add(request(id, 65, 1));
    drain(scheduler);
  }
  scheduler.add(request("third", 65, 1));
  drain(scheduler);
  const cached = (id: string) => {
    scheduler.add(request(id, 65, 1));
    return drain(scheduler)[0]?.admitted[0]?.cachedTokens;
  };
  expect(cached("new")).toBe(64);
  expect(cached("old")).toBeLessThan(64);
});

it("throws the last one out when blocks run out, and gives it all its tokens in the end", () => {
  const scheduler = new Scheduler({ ...dense, blocks: 10 });
  scheduler.add(request("a", 60, 60));
  scheduler.add(request("b", 60, 60));
  const steps = drain(scheduler);
  expect(steps.flatMap(({ preempted }) => preempted)).toContain("b");
  expect(steps.flatMap(({ preempted }) => preempted)).not.toContain("a");
  expect(steps.flatMap(({ tokens }) => tokens).filter((id) => id === "b")).toHaveLength(60);
});

it("hits in a model with recurrent layers only where a state was kept", () => {
  const scheduler = new Scheduler(hybrid);
  // 70 tokens in one chunk: the only border with a state is the last one, at 64.
  scheduler.add(request("first", 70, 1, { shared: 2 }));
  expect(drain(scheduler).map(({ computed }) => computed)).toEqual([64, 6]);
  // Two blocks are shared, and no chunk ended there.
  scheduler.add(request("other", 70, 1, { shared: 2 }));
  expect(drain(scheduler)[0]?.admitted).toMatchObject([{ cachedTokens: 0 }]);
  scheduler.add({ ...request("first", 90, 1, { shared: 2 }), id: "first, next turn" });
  expect(drain(scheduler)[0]?.admitted).toMatchObject([{ cachedTokens: 64 }]);

  const small = new Scheduler({ ...hybrid, maxNumBatchedTokens: 32 });
  small.add(request("first", 70, 1, { shared: 2 }));
  drain(small);
  small.add(request("other", 70, 1, { shared: 2 }));
  // With chunks of 32 one of them ended where the shared part does.
  expect(drain(small)[0]?.admitted).toMatchObject([{ cachedTokens: 32 }]);
});

it("refuses what could never run", () => {
  expect(() => new Scheduler(dense).add(request("x", 1000, 1))).toThrow(TooLong);
  expect(() => new Scheduler({ ...dense, blocks: 4 }).add(request("x", 70, 1))).toThrow(/room for 64/);
  expect(() => new Scheduler({ ...hybrid, maxNumBatchedTokens: 8 })).toThrow(RangeError);
});
