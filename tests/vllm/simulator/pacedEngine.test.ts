import OpenAI from "openai";
import { expect, it, onTestFinished } from "vitest";
import { readMetrics } from "../../../src/adapters/modelServer/metricsPoller.ts";
import { findRecipe } from "../../../vllm/recipes/recipe.ts";
import { figures } from "../../../vllm/scheduler/figures.ts";
import { filler } from "../../../vllm/simulator/filler.ts";
import { ScaledPace } from "../../../vllm/simulator/pace.ts";
import { PacedEngine } from "../../../vllm/simulator/pacedEngine.ts";
import { startScriptedServer } from "../../../vllm/simulator/scriptedServer.ts";
import { playTrace } from "../../../vllm/tune/live.ts";
import { pointOf, servedModel, settingsOf } from "../../../vllm/tune/points.ts";
import { simulate } from "../../../vllm/tune/simulate.ts";
import { DEFAULT_SWARM, swarmTrace } from "../../../vllm/tune/swarmTrace.ts";
import { traceSize } from "../../../vllm/tune/trace.ts";

const recipe = findRecipe("qwen3-coder-next-fp8-h200");
if (!recipe) throw new Error("no recipe");
const made = settingsOf(servedModel(recipe, figures()), pointOf(recipe), 0);
if ("unfit" in made) throw new Error(made.unfit);
const { settings } = made;
const cache = {
  blockSize: settings.blockSize,
  blocks: settings.blocks,
  kvCacheTokens: 1,
  maxConcurrency: 1,
  dtype: "fp8",
  utilization: 0.92,
};

async function start(timeScale: number, change: Partial<typeof settings> = {}) {
  const engine = new PacedEngine({ settings: { ...settings, ...change }, cache, pace: new ScaledPace(timeScale) });
  const server = await startScriptedServer({ brain: filler, modelId: "m", engine, timeScale });
  onTestFinished(() => server.close());
  return {
    baseUrl: server.baseUrl,
    engine,
    client: new OpenAI({ baseURL: server.baseUrl, apiKey: "none", maxRetries: 0 }),
  };
}

it("plays a swarm's trace over HTTP: every token comes, and the cache gives what the simulation says", async () => {
  const trace = swarmTrace({ ...DEFAULT_SWARM, workers: 2, turns: 3 });
  const { baseUrl } = await start(100);
  const server = { baseUrl, model: "m", apiKey: undefined, signal: new AbortController().signal };
  const live = await playTrace(trace, server, { salt: "one", time: { kind: "scaled", scale: 100 } });
  const { requests, outputTokens } = traceSize(trace);
  expect(live).toMatchObject({ requests, outputTokens, failed: 0, preemptions: 0 });
  expect(live.cachedShare).toBeCloseTo(simulate(trace, settings, 0).cachedShare ?? 0, 1);
  // A step cannot be faster than the model's.
  expect(live.ttftMs.p50).toBeGreaterThan(settings.costs.base);
  const reading = await readMetrics({ baseUrl });
  if (!reading.ok) throw new Error(reading.reason);
  expect(reading.snapshot).toMatchObject({
    running: 0,
    waiting: 0,
    kvUsage: 0,
    succeeded: requests,
    generationTokens: outputTokens,
    cache: { blockSize: settings.blockSize, blocks: settings.blocks, dtype: "fp8" },
  });
  expect(reading.snapshot.ttft?.count).toBe(requests);
  expect(reading.snapshot.itl?.count).toBe(outputTokens - requests);
});

it("holds as many requests as it has places, and the others wait in its metrics", async () => {
  const { client, baseUrl, engine } = await start(1, { maxNumSeqs: 1 });
  const stop = new AbortController();
  const ask = () =>
    client.chat.completions
      .create({ model: "m", messages: [{ role: "user", content: "hi" }], max_tokens: 100_000 }, { signal: stop.signal })
      .catch((error: unknown) => error);
  const pair = [ask(), ask()];
  await expect
    .poll(async () => {
      const reading = await readMetrics({ baseUrl });
      return reading.ok ? [reading.snapshot.running, reading.snapshot.waiting] : [];
    })
    .toEqual([1, 1]);
  stop.abort();
  await Promise.all(pair);
  await expect.poll(() => engine.gauges()).toEqual({ running: 0, waiting: 0, kvUsage: 0 });
});

it("refuses what is longer than the context, as vLLM does", async () => {
  const { client } = await start(100, { maxModelLen: 100 });
  const asked = client.chat.completions.create({
    model: "m",
    messages: [{ role: "user", content: "hi" }],
    max_tokens: 200,
  });
  await expect(asked).rejects.toMatchObject({ status: 400, message: expect.stringContaining("room for 100") });
});
