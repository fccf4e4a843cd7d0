import { expect, test } from "vitest";
import { loadOf, watchLoad } from "../../../src/adapters/modelServer/watchLoad.ts";
import type { ServerLoad } from "../../../src/core/schedule/budget.ts";
import { startScriptedServer } from "../../../vllm/simulator/scriptedServer.ts";

test("a simulated server's load is told until it is stopped", async () => {
  const server = await startScriptedServer({ brain: () => ({ text: "Scripted." }), modelId: "scripted" });
  try {
    const load = await new Promise<ServerLoad>((resolve) => {
      const watch = watchLoad(server.baseUrl, (told) => {
        watch.stop();
        resolve(told);
      });
    });
    expect(load).toMatchObject({ running: 0, waiting: 0, kvUsage: 0 });
    expect(load.kvTokens).toBeGreaterThan(0);
  } finally {
    await server.close();
  }
});

test("metrics that do not say how many requests there are are no load", () => {
  expect(loadOf(0, { kvUsage: 0.5 })).toBeUndefined();
  expect(loadOf(7, { running: 1, waiting: 2 })).toEqual({ at: 7, running: 1, waiting: 2 });
});
