import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import type { LiveState } from "../../src/core/view/liveState.ts";
import type { LiveView } from "../../src/core/workflow/dashboard.ts";
import { LivePublisher } from "../../src/runtime/livePublisher.ts";
import type { SwarmServices } from "../../src/runtime/services.ts";
import { upToMonitoring, writeSwarm } from "../cli/swarm/liveSwarm.ts";

async function publisher() {
  const project = mkdtempSync(join(tmpdir(), "omq-live-"));
  onTestFinished(() => rmSync(project, { recursive: true, force: true }));
  const { runtime } = await writeSwarm(project, upToMonitoring);
  const clock = { now: 1_000 };
  const held = { own: true };
  const live = new Map<string, LiveView>();
  const told: LiveState[] = [];
  const services = {
    ...{ swarm: runtime, live, now: () => clock.now, log: () => undefined },
    lease: { holder: async () => ({ pid: 1, started: "", since: "", own: held.own }) },
  } as unknown as SwarmServices;
  return {
    one: new LivePublisher(services, "local", async (state) => void told.push(state)),
    clock,
    held,
    live,
    told,
    runtime,
  };
}

it("tells what is new, and otherwise once a beat, so that readers know it lives", async () => {
  const { one, clock, live, told } = await publisher();
  await one.tell();
  await one.tell();
  expect(told).toHaveLength(1);
  live.set("w01", { doing: "edit a.ts" });
  clock.now += 500;
  await one.tell();
  expect(told.at(-1)).toMatchObject({ at: 1_500, primary: "local", workers: { w01: { doing: "edit a.ts" } } });
  clock.now += 1_999;
  await one.tell();
  expect(told).toHaveLength(2);
  clock.now += 1;
  await one.tell();
  expect(told).toHaveLength(3);
});

it("tells the gauges of the servers it was told of", async () => {
  const { one, told } = await publisher();
  one.sees("http://gpu:8001/v1", { at: 500, snapshot: { running: 2, generationTokens: 10 } });
  one.sees("http://gpu:8001/v1", { at: 1_500, snapshot: { running: 3, generationTokens: 60 } });
  await one.tell();
  expect(told[0]?.servers).toEqual([{ server: "gpu:8001", at: 1_500, running: 3, outputRate: 50 }]);
});

it("is silent where another process drives the swarm, and when the swarm is over", async () => {
  const { one, held, told, runtime } = await publisher();
  held.own = false;
  await one.tell();
  expect(told).toEqual([]);
  held.own = true;
  await runtime.submit({ type: "abort_swarm", at: 2_000, by: "command-line", reason: "enough" });
  await one.tell();
  expect(told).toEqual([]);
});
