import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findRecipe } from "../../../vllm/recipes/recipe.ts";
import { figures } from "../../../vllm/scheduler/figures.ts";
import { readAegisEnv } from "../../../vllm/server/aegisEnv.ts";
import { withPoint } from "../../../vllm/tune/aegisEnvFile.ts";
import { halve } from "../../../vllm/tune/halving.ts";
import { interval } from "../../../vllm/tune/interval.ts";
import type { Measurement } from "../../../vllm/tune/measure.ts";
import { svgPlot, terminalPlot } from "../../../vllm/tune/plot.ts";
import {
  defaultGrid,
  gridPoints,
  type Point,
  pointId,
  pointOf,
  servedModel,
  settingsOf,
} from "../../../vllm/tune/points.ts";
import { predict } from "../../../vllm/tune/predict.ts";
import { better, DEFAULT_GOALS, paretoFront, rankPoints, strain } from "../../../vllm/tune/rank.ts";
import { readRequests } from "../../../vllm/tune/recordedTrace.ts";
import { simulate } from "../../../vllm/tune/simulate.ts";
import { DEFAULT_SWARM, swarmTrace } from "../../../vllm/tune/swarmTrace.ts";
import { KeyBook, longestRequest, tokensOf, traceSize } from "../../../vllm/tune/trace.ts";

const recipe = findRecipe("qwen3-coder-next-fp8-h200");
if (!recipe) throw new Error("no recipe");
const model = servedModel(recipe, figures());
const short = swarmTrace({ ...DEFAULT_SWARM, turns: 4 });
const settings = (change: Partial<Point> = {}) => {
  const made = settingsOf(model, { ...pointOf(recipe), ...change }, longestRequest(short));
  if ("unfit" in made) throw new Error(made.unfit);
  return made.settings;
};
const measurement = (tokensPerSecond: number, ttft: number, itl: number, failed = 0): Measurement => ({
  requests: 1,
  failed,
  outputTokens: 1,
  durationMs: 1,
  tokensPerSecond,
  ttftMs: { p50: ttft, p95: ttft },
  itlMs: { p50: itl, p95: itl },
  cachedShare: undefined,
  preemptions: undefined,
});

describe("a swarm's trace", () => {
  it("has the 17 sessions, prompts that grow by what was said, and the same bytes for the same seed", () => {
    expect(traceSize(short).sessions).toBe(17);
    expect(swarmTrace({ ...DEFAULT_SWARM, turns: 4 })).toEqual(short);
    expect(swarmTrace({ ...DEFAULT_SWARM, turns: 4, seed: 2 })).not.toEqual(short);
    expect(traceSize(swarmTrace({ ...DEFAULT_SWARM, librarians: true })).sessions).toBe(25);
    for (const { turns } of short.sessions)
      for (const [index, turn] of turns.entries()) {
        const next = turns[index + 1];
        if (next) expect(next.prompt.slice(0, turn.prompt.length + 1)).toEqual([...turn.prompt, turn.output]);
      }
  });

  it("shares a role's opening and the briefing, and nothing after a Worker's own task", () => {
    const book = new KeyBook(16);
    const [one = [], two = []] = short.sessions
      .filter(({ role }) => role === "worker")
      .map(({ turns }) => book.keys(turns[0]?.prompt ?? []));
    const shared = one.filter((key, index) => key === two[index]).length;
    expect(shared).toBe(Math.floor((4_800 + 3_000) / 16));
  });
});

it("gives equal prefixes equal keys, whatever the cuts", () => {
  const segments = fc.array(
    fc.record({ id: fc.constantFrom("a", "b", "c"), tokens: fc.integer({ min: 1, max: 40 }) }),
    { minLength: 1, maxLength: 8 },
  );
  fc.assert(
    fc.property(segments, segments, fc.integer({ min: 1, max: 20 }), (head, tail, block) => {
      const book = new KeyBook(block);
      const short = book.keys(head);
      expect(short).toHaveLength(Math.floor(tokensOf(head) / block));
      expect(book.keys([...head, ...tail]).slice(0, short.length)).toEqual(short);
    }),
  );
});

describe("the simulation", () => {
  it("answers every request of the trace with all its tokens, the same every time", () => {
    const { requests, outputTokens } = traceSize(short);
    const made = simulate(short, settings(), 20);
    expect(made).toMatchObject({ requests, outputTokens, failed: 0 });
    expect(simulate(short, settings(), 20)).toEqual(made);
  });

  it("finds most of a swarm's prompts in the prefix cache", () => {
    expect(simulate(swarmTrace(DEFAULT_SWARM), settings(), 20).cachedShare).toBeGreaterThan(0.85);
  });

  it("lets a small batch wait and a small step keep the tokens even", () => {
    const wide = simulate(short, settings({ maxNumSeqs: 32 }), 20);
    const narrow = simulate(short, settings({ maxNumSeqs: 2 }), 20);
    expect(narrow.ttftMs.p95).toBeGreaterThan(2 * wide.ttftMs.p95);
    expect(narrow.tokensPerSecond).toBeLessThan(wide.tokensPerSecond);
  });

  it("says why a point cannot be served", () => {
    const why = (change: Partial<Point>) => {
      const made = settingsOf(model, { ...pointOf(recipe), ...change }, 1000);
      return "unfit" in made ? made.unfit : "fits";
    };
    expect(why({})).toBe("fits");
    expect(why({ utilization: 0.57 })).toBe("pool");
    expect(why({ context: 1_000_000 })).toBe("context");
    expect(why({ context: 900 })).toBe("longest");
    expect(why({ maxNumBatchedTokens: 1024 })).toBe("block");
    expect(why({ maxNumSeqs: 5000, utilization: 0.7 })).not.toBe("fits");
  });
});

describe("ranking", () => {
  const goals = { ttftP95: 1000, itlP95: 50 };
  it("puts who keeps the goals first, the faster of those, and the nearer of the others; a failure is the last", () => {
    const [fast, slow, late, broken] = [
      measurement(100, 900, 40),
      measurement(80, 100, 10),
      measurement(200, 1100, 10),
      measurement(300, 1, 1, 1),
    ];
    const order = [broken, late, slow, fast].sort((a, b) => better(a, b, goals));
    expect(order).toEqual([fast, slow, late, broken]);
    expect(strain(late, goals)).toBeCloseTo(1.1);
  });

  it("changes nothing for nothing: within 1 % the present setting comes first", () => {
    const present = pointOf(recipe);
    const other = { ...present, maxNumSeqs: 8 };
    const about = { goals, sessions: 17, present };
    const of = (tokens: number) =>
      rankPoints(
        [
          { point: other, measured: measurement(tokens, 10, 10) },
          { point: present, measured: measurement(100, 20, 20) },
        ],
        about,
      )[0]?.point;
    expect(of(100.5)).toEqual(present);
    expect(of(105)).toEqual(other);
  });

  it("has no point on the front that another one beats in everything", () => {
    const dots = fc.array(fc.tuple(fc.nat(9), fc.nat(9), fc.nat(9)), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(dots, (list) => {
        const all = list.map(([a, b, c], index) => ({
          point: { ...pointOf(recipe), maxNumSeqs: index },
          measured: measurement(a, b, c),
        }));
        const front = paretoFront(all);
        expect(front.length).toBeGreaterThan(0);
        for (const { measured: one } of front)
          for (const { measured: other } of all)
            expect(
              other.tokensPerSecond > one.tokensPerSecond &&
                other.ttftMs.p95 < one.ttftMs.p95 &&
                other.itlMs.p95 < one.itlMs.p95,
            ).toBe(false);
      }),
    );
  });
});

it("predicts a whole grid and tells what does not fit", async () => {
  const grid = gridPoints({
    ...defaultGrid(recipe),
    maxNumSeqs: [16],
    context: [8192, 131_072],
    maxNumBatchedTokens: [8192],
  });
  const { fits, unfit } = await predict(model, short, grid, () => true);
  expect(fits).toHaveLength(2);
  expect(unfit.map(({ why }) => why)).toEqual(["longest", "longest"]);
});

it("measures the better half again, the present setting always, and nothing twice", async () => {
  const points = [0, 1, 2, 3, 4].map((index) => ({ ...pointOf(recipe), maxNumSeqs: index + 1 }));
  const measured: string[] = [];
  const run = (known: ReadonlyMap<string, readonly Measurement[]>) =>
    halve({
      points,
      goals: DEFAULT_GOALS,
      repeats: 3,
      known,
      measure: async (point, count, tell) => {
        for (let index = 0; index < count; index += 1) {
          measured.push(pointId(point));
          await tell(measurement(point.maxNumSeqs * 10, 100, 10));
        }
        return "done";
      },
      save: () => Promise.resolve(),
    });
  const all = await run(new Map());
  expect(points.map((point) => all.get(pointId(point))?.length)).toEqual([3, 1, 1, 2, 3]);
  const times = measured.length;
  expect(times).toBe(10);
  await run(all);
  expect(measured).toHaveLength(times);
});

it("writes what start-vllm reads, keeps the person's lines, and does so twice", () => {
  const before = "# mine\nAEGIS_PORT=9000\nAEGIS_BATCH=4\n";
  const once = withPoint(before, { ...pointOf(recipe), maxNumSeqs: 24 }, ["where from"]);
  expect(once).toContain("# mine\nAEGIS_PORT=9000\n# before tune: AEGIS_BATCH=4\n");
  const twice = withPoint(once, { ...pointOf(recipe), maxNumSeqs: 32 }, ["where from"]);
  const { values, notices } = readAegisEnv(twice, "aegis.env");
  expect(notices).toEqual([]);
  expect(values).toEqual({
    AEGIS_PORT: "9000",
    AEGIS_BATCH: "32",
    AEGIS_BATCHED_TOKENS: "8192",
    AEGIS_CTX: "131072",
    AEGIS_KV_DTYPE: "fp8",
    AEGIS_MEM: "0.92",
  });
  expect(twice.match(/tune: begin/g)).toHaveLength(1);
});

it("makes a trace of recorded requests that holds no text", () => {
  const messages = [
    { role: "system", content: "You are a Worker." },
    { role: "user", content: "secret words" },
  ];
  const next = [...messages, { role: "assistant", content: "Done, at last." }, { role: "user", content: "More." }];
  const lines = [
    { sessionId: "s", role: "worker", startedAt: 1000, endedAt: 1500, body: { model: "m", messages, max_tokens: 99 } },
    {
      sessionId: "s",
      role: "worker",
      startedAt: 2500,
      endedAt: 2600,
      body: { model: "m", messages: next, max_tokens: 7 },
    },
  ];
  const trace = readRequests(lines.map((line) => JSON.stringify(line)).join("\n"), "recorded");
  expect(JSON.stringify(trace)).not.toContain("secret");
  const [session] = trace.sessions;
  expect(session?.turns.map(({ pauseMs }) => pauseMs)).toEqual([0, 1000]);
  expect(session?.turns[1]?.prompt.slice(0, 3)).toEqual([
    ...(session?.turns[0]?.prompt ?? []),
    session?.turns[0]?.output,
  ]);
  expect(() => readRequests("", "empty")).toThrow("no request");
});

it("gives an interval of the mean, and draws", () => {
  expect(interval([10])).toBeUndefined();
  const { low, high } = interval([10, 12, 11]) ?? { low: 0, high: 0 };
  expect(low).toBeLessThan(10);
  expect(high).toBeGreaterThan(12);
  const dots = [
    { x: 10, y: 100, mark: "*", label: "best <1>" },
    { x: 20, y: 50, mark: ".", label: "other" },
  ];
  const plot = terminalPlot(dots, { x: "ms", y: "tok/s", width: 30, height: 6 }).join("\n");
  expect(plot).toContain("*");
  expect(plot).toContain("tok/s");
  expect(svgPlot(dots, { title: "a & b", x: "x", y: "y" })).toMatch(
    /^<svg[\s\S]*a &amp; b[\s\S]*best &lt;1&gt;[\s\S]*<\/svg>\n$/,
  );
});
