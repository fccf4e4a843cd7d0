import { afterAll, beforeAll, expect, test } from "vitest";
import { statusData } from "../../src/cli/swarm/statusView.ts";
import type { Step } from "../../vllm/simulator/brain.ts";
import { hang, say, silence } from "../../vllm/simulator/brain.ts";
import { checkedProject, goodWorker, opening, type Part, swarmBrain } from "./steps.ts";
import { Host } from "./world.ts";

let host: Host;
beforeAll(async () => {
  const limits = { firstByte_s: 120, stalled_s: 2 };
  host = await Host.start({ settings: { gate: { limits }, swarm: { takeUps: 2, takeUpWait_s: 1 } } });
}, 120_000);
afterAll(() => host.close());

async function withWorker(steps: readonly Step[]) {
  const parts: Part[] = [{ name: "part", scope: ["src/part/**"], steps }];
  const project = await host.project(checkedProject);
  const chat = await project.chat(swarmBrain([...opening(parts), say("Scripted: ended.")], parts));
  await chat.say("Build it");
  await chat.mutter("1");
  return { project, chat };
}

test("a stalled Worker is shown as stalled, taken up, given a fresh session with a summary, and then failed", async () => {
  const { project, chat } = await withWorker([silence()]);
  const stalled = (swarm: { workers: readonly { trouble?: { kind: string } }[] } | undefined) =>
    swarm?.workers[0]?.trouble?.kind === "stalled";
  const shown = statusData(await project.until("stalled", stalled), undefined, Date.now());
  expect(shown.swarm?.workers[0]).toMatchObject({ status: "stalled", doing: expect.stringContaining("no token") });
  const state = await project.until("failed", (swarm) => swarm?.workers[0]?.status === "failed", 120_000);
  expect(state.workers[0]).toMatchObject({ attempt: 2, retries: 0, reason: expect.stringContaining("stalled") });
  const steps = (await project.events())
    .map((event) => event.type)
    .filter((type) => /interrupted|renewed|failed/u.test(type));
  expect(steps).toEqual(["worker_interrupted", "worker_renewed", "worker_failed"]);
  const children = await project.children(chat.session);
  expect(children).toHaveLength(2);
  const last = host.requests().findLast((request) => request.parentSessionId === chat.session);
  expect(JSON.stringify(last?.body.messages)).toContain("What was done before");
});

test("a Worker whose request waits in the server's queue is not stalled", async () => {
  const [first = say(""), ...rest] = goodWorker("src/part/a.mjs");
  // Longer than the stall limit, several times over: the server says that it queues.
  const { project } = await withWorker([hang(9_000, first as object), ...rest]);
  await project.until("completed", (swarm) => swarm?.workers[0]?.status === "completed");
  expect((await project.events()).map((event) => event.type)).not.toContain("worker_stalled");
  expect(await project.read(".aegis/gate.jsonl")).toContain('"verdict":"queued"');
});
