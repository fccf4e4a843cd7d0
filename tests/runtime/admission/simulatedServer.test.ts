import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test, vi } from "vitest";
import { watchLoad } from "../../../src/adapters/modelServer/watchLoad.ts";
import { DEFAULT_ADMISSION } from "../../../src/core/schedule/model.ts";
import { ServerQueues } from "../../../src/runtime/admission/serverQueues.ts";
import { say } from "../../../vllm/simulator/brain.ts";
import { startScriptedServer } from "../../../vllm/simulator/scriptedServer.ts";

/** The simulated server's metrics, as they are, with fewer requests than none, or not at all. */
async function troubled() {
  const server = await startScriptedServer({ brain: () => say("Scripted."), modelId: "m" });
  const metrics = new URL("/metrics", server.baseUrl);
  const state: { says: "truth" | "lies" | "nothing" } = { says: "truth" };
  const front = createServer(async (_, response) => {
    const text = await (await fetch(metrics)).text();
    if (state.says === "nothing") response.writeHead(503).end();
    else
      response.end(
        state.says === "truth" ? text : text.replace(/^(vllm:num_requests_running\{[^}]*\}) .*$/mu, "$1 -7"),
      );
  });
  await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
  return {
    state,
    url: `http://127.0.0.1:${(front.address() as AddressInfo).port}`,
    async close() {
      front.closeAllConnections();
      await new Promise((resolve) => front.close(resolve));
      await server.close();
    },
  };
}

test("a server whose metrics lie, vanish and come back: requests go on within the static limit, and people are told", async () => {
  const { state, url, close } = await troubled();
  const told: string[] = [];
  const world = {
    now: () => Date.now(),
    after(ms: number, call: () => void) {
      const timer = setTimeout(call, ms);
      return () => clearTimeout(timer);
    },
  };
  const settings = { ...DEFAULT_ADMISSION, staticLimit: 1, maxRequests: 4, staleMs: 1_500 };
  const queues = new ServerQueues(
    settings,
    world,
    watchLoad,
    () => undefined,
    (_, mode, requests) => told.push(`${mode}: ${requests}`),
  );
  const ask = (session: string) =>
    queues.enter(url, { session, owner: "swarm", role: "worker", tokens: 10 }, new AbortController().signal);
  // One stays with the server, so that its metrics are read all the time.
  const held = await ask("held");
  /** Sessions end meanwhile: whatever happens at the queue makes it look at its metrics' age. */
  const untilTold = (line: string) =>
    vi.waitFor(
      () => {
        queues.ended("somebody");
        expect(told.at(-1)).toBe(line);
      },
      { timeout: 60_000, interval: 100 },
    );
  await vi.waitFor(() => expect(queues.status()[url]?.mode).toBe("metrics"), { timeout: 60_000 });
  (await ask("beside")).leave();
  state.says = "lies";
  await untilTold("stale: 1");
  // The static limit is one: whoever comes now waits for the one that is there.
  const second = ask("second");
  expect(queues.status()[url]).toMatchObject({ running: 1, waiting: 1 });
  state.says = "truth";
  await untilTold("metrics: 4");
  (await second).leave();
  state.says = "nothing";
  await untilTold("stale: 1");
  held.leave();
  (await ask("last")).leave();
  expect(told).toEqual(["stale: 1", "metrics: 4", "stale: 1"]);
  queues.close();
  await close();
});
