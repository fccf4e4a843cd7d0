import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import {
  type MetricsReading,
  metricsUrl,
  pollMetrics,
  readMetrics,
} from "../../../src/adapters/modelServer/metricsPoller.ts";
import { say } from "../../../vllm/simulator/brain.ts";
import { startScriptedServer } from "../../../vllm/simulator/scriptedServer.ts";

async function scripted() {
  const server = await startScriptedServer({ brain: () => say("Scripted."), modelId: "m" });
  onTestFinished(() => server.close());
  return server;
}

const ask = (baseUrl: string, text: string) =>
  fetch(`${baseUrl}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "m", messages: [{ role: "user", content: text }] }),
  }).then((response) => response.json());

it("finds the metrics beside /v1", () => {
  expect(metricsUrl("http://h:1/v1")).toBe("http://h:1/metrics");
  expect(metricsUrl("http://h:1/v1/")).toBe("http://h:1/metrics");
  expect(metricsUrl("http://h:1")).toBe("http://h:1/metrics");
});

it("reads what the simulated server really did: the second of two equal prompts is found in its cache", async () => {
  const server = await scripted();
  const long = "The same words. ".repeat(40);
  await ask(server.baseUrl, long);
  const before = await readMetrics({ baseUrl: server.baseUrl });
  const second = await ask(server.baseUrl, long);
  const after = await readMetrics({ baseUrl: server.baseUrl });
  if (!before.ok || !after.ok) throw new Error("no metrics");
  expect(before.snapshot).toMatchObject({ running: 0, waiting: 0, prefixHits: 0, succeeded: 1 });
  expect(after.snapshot.prefixHits).toBeGreaterThan(0);
  expect(second).toMatchObject({
    usage: { prompt_tokens_details: { cached_tokens: after.snapshot.prefixHits } },
  });
  expect(after.snapshot.cache).toMatchObject({ prefixCaching: true, blockSize: 16, blocks: expect.any(Number) });
  expect(after.snapshot.ttft?.count).toBe(2);
});

it("says why there are none: nobody there, another status, another page", async () => {
  expect(await readMetrics({ baseUrl: "http://127.0.0.1:1/v1" })).toMatchObject({
    ok: false,
    reason: expect.any(String),
  });
  const answers = [
    { status: 404, body: "no" },
    { status: 200, body: "<html>" },
  ];
  const server = createServer((_, response) => {
    const { status, body } = answers.shift() ?? { status: 500, body: "" };
    response.writeHead(status).end(body);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => void server.close());
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  expect(await readMetrics({ baseUrl })).toMatchObject({ ok: false, reason: "HTTP 404" });
  expect(await readMetrics({ baseUrl })).toMatchObject({ ok: false, reason: "no vllm metrics in the answer" });
});

it("polls until it is stopped", async () => {
  const server = await scripted();
  const readings: MetricsReading[] = [];
  const poll = pollMetrics({ baseUrl: server.baseUrl, everyMs: 5 }, (reading) => readings.push(reading));
  await expect.poll(() => readings.length).toBeGreaterThan(2);
  poll.stop();
  const seen = readings.length;
  await ask(server.baseUrl, "later");
  expect(readings.length).toBe(seen);
  expect(readings.every(({ ok }) => ok)).toBe(true);
});
