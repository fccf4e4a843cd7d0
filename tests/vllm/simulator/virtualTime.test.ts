import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import OpenAI from "openai";
import { expect, it, onTestFinished } from "vitest";
import { findRecipe } from "../../../vllm/recipes/recipe.ts";
import { figures } from "../../../vllm/scheduler/figures.ts";
import { filler } from "../../../vllm/simulator/filler.ts";
import { VirtualPace } from "../../../vllm/simulator/pace.ts";
import { PacedEngine } from "../../../vllm/simulator/pacedEngine.ts";
import { startScriptedServer } from "../../../vllm/simulator/scriptedServer.ts";
import { VirtualTime } from "../../../vllm/simulator/virtualTime.ts";
import { playTrace } from "../../../vllm/tune/live.ts";
import { pointOf, servedModel, settingsOf } from "../../../vllm/tune/points.ts";
import { serverIdentity } from "../../../vllm/tune/servedTime.ts";
import { simulate } from "../../../vllm/tune/simulate.ts";
import { DEFAULT_SWARM, swarmTrace } from "../../../vllm/tune/swarmTrace.ts";
import { longestRequest, traceSize } from "../../../vllm/tune/trace.ts";

const recipe = findRecipe("qwen3-coder-next-fp8-h200");
if (!recipe) throw new Error("no recipe");
const made = settingsOf(servedModel(recipe, figures()), pointOf(recipe), 0);
if ("unfit" in made) throw new Error(made.unfit);
const { settings } = made;

async function start(change: Partial<typeof settings> = {}) {
  const pace = new VirtualPace();
  const cache = { blockSize: 16, blocks: 1, kvCacheTokens: 1, maxConcurrency: 1, dtype: "fp8", utilization: 0.92 };
  const engine = new PacedEngine({ settings: { ...settings, ...change }, cache, pace });
  const virtualTime = new VirtualTime(engine, pace);
  const server = await startScriptedServer({ brain: filler, modelId: "m", engine, virtualTime });
  onTestFinished(() => server.close());
  return server.baseUrl;
}
/** The same server behind a front that says late how far its time has come: an answer's last word is read before that. */
async function startBehind(isBroken: () => boolean = () => false) {
  const target = new URL(await start());
  const front = createServer((incoming, response) => {
    if (incoming.url?.endsWith("/completions") && isBroken()) return void incoming.socket.destroy();
    const { method, headers } = incoming;
    const passed = request(new URL(incoming.url ?? "", target), { method, headers }, (answered) => {
      void sleep(incoming.url === "/simulated/time" ? 10 : 0).then(() => {
        response.writeHead(answered.statusCode ?? 502, answered.headers);
        answered.pipe(response);
      });
    });
    passed.on("error", () => response.destroy());
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void front.close());
  return `http://127.0.0.1:${(front.address() as AddressInfo).port}/v1`;
}
const virtual = { kind: "virtual" } as const;
const live = (baseUrl: string, signal = new AbortController().signal) => ({
  baseUrl,
  model: "m",
  apiKey: undefined,
  signal,
});
const trace = swarmTrace({ ...DEFAULT_SWARM, workers: 3, turns: 3 });

it("says so, and answers at once while nobody holds it", async () => {
  const baseUrl = await start();
  expect(await serverIdentity(baseUrl, new AbortController().signal)).toMatchObject({ time: virtual });
  const client = new OpenAI({ baseURL: baseUrl, apiKey: "none", maxRetries: 0 });
  // Minutes of modelled time.
  const messages = [{ role: "user", content: "hi" } as const];
  const answer = await client.chat.completions.create({ model: "m", messages, max_tokens: 20_000 });
  expect(answer.usage?.completion_tokens).toBe(20_000);
});

it("measures the same whatever the machine does, and what the simulation says but for the way over HTTP", async () => {
  const baseUrl = await start();
  const one = await playTrace(trace, live(baseUrl), { salt: "one", time: virtual });
  const { requests, outputTokens } = traceSize(trace);
  expect(one).toMatchObject({ requests, outputTokens, failed: 0, preemptions: 0 });
  expect(await playTrace(trace, live(baseUrl), { salt: "two", time: virtual })).toEqual(one);
  const slow = await startBehind();
  expect(await playTrace(trace, live(slow), { salt: "three", time: virtual })).toEqual(one);
  const predicted = simulate(trace, settings, 0);
  expect(one.durationMs / predicted.durationMs).toBeCloseTo(1, 1);
  expect(one.tokensPerSecond / predicted.tokensPerSecond).toBeCloseTo(1, 1);
  expect(one.ttftMs.p50 / predicted.ttftMs.p50).toBeCloseTo(1, 0);
  expect(one.itlMs.p50 / predicted.itlMs.p50).toBeCloseTo(1, 1);
  expect(one.cachedShare).toBeCloseTo(predicted.cachedShare ?? 0, 1);
});

it("plays on where requests are refused, and counts them", async () => {
  const baseUrl = await start({ maxModelLen: longestRequest(trace) - 1 });
  const measured = await playTrace(trace, live(baseUrl), { salt: "one", time: virtual });
  expect(measured.failed).toBeGreaterThan(0);
  expect(measured.requests).toBeGreaterThan(measured.failed);
});

it("ends with the abort, and the server serves others again", async () => {
  const baseUrl = await start();
  const stop = new AbortController();
  const options = { salt: "one", time: virtual, onRequest: () => stop.abort() };
  await expect(playTrace(trace, live(baseUrl, stop.signal), options)).rejects.toThrow(/abort/i);
  const again = await playTrace(trace, live(baseUrl), { salt: "two", time: virtual });
  expect(again.failed).toBe(0);
});

it("gives no measurement where a request got lost, and does not wait for ever", async () => {
  let asked = 0;
  const baseUrl = await startBehind(() => {
    asked += 1;
    return asked === 4;
  });
  await expect(playTrace(trace, live(baseUrl), { salt: "one", time: virtual })).rejects.toThrow("did not come through");
});

it("does not move for one who does not hold it", async () => {
  const baseUrl = await start();
  const post = (body: unknown) =>
    fetch(baseUrl.replace("/v1", "/simulated/time"), { method: "POST", body: JSON.stringify(body) });
  expect((await post({ until: 1, begun: 0, over: 0 })).status).toBe(409);
  expect((await post({ until: "soon" })).status).toBe(400);
  await post({ hold: true });
  expect(await (await post({ until: 5, begun: 0, over: 0 })).json()).toEqual({ now: 5, begun: 0, over: 0 });
});
