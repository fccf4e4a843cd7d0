import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { call, fail, hang, type Reply, type Step, say } from "../../vllm/simulator/brain.ts";
import { checkedProject, closing, goodWorker, id, opening, type Part, swarmBrain } from "./steps.ts";
import { Host, type Project } from "./world.ts";

const PLACES = 2;
const answered = z.looseObject({ type: z.literal("answered"), role: z.string(), queueMs: z.number().optional() });

let host: Host;
beforeAll(async () => {
  host = await Host.start({ settings: { vllm: { batch: PLACES }, gate: { priority: true } } });
}, 120_000);
afterAll(() => host.close());

/** Counts who is inside at once; `open` lets all go. */
function room() {
  let inside = 0;
  let open = false;
  const waiting: (() => void)[] = [];
  const seen = { most: 0, arrived: 0 };
  const through = async (reply: Reply) => {
    inside += 1;
    seen.arrived += 1;
    seen.most = Math.max(seen.most, inside);
    if (!open) await new Promise<void>((resolve) => waiting.push(resolve));
    inside -= 1;
    return reply;
  };
  return {
    seen,
    through,
    open() {
      open = true;
      for (const go of waiting) go();
    },
  };
}

async function answers(project: Project) {
  const lines = ((await project.read(".aegis/gate.jsonl")) ?? "").split("\n").filter((line) => line !== "");
  return lines.flatMap((line) => {
    const read = answered.safeParse(JSON.parse(line));
    return read.success ? [read.data] : [];
  });
}

test("no more requests than the server has places; who waits says so; the Commander waits for nobody", async () => {
  const { seen, through, open } = room();
  const parts = Array.from({ length: 5 }, (_, index): Part => {
    const name = `p${index}`;
    const steps = goodWorker(`src/${name}/a.mjs`).map(
      (reply): Step =>
        () =>
          through(reply as Reply),
    );
    return { name, scope: [`src/${name}/**`], steps };
  });
  const project = await host.project(checkedProject);
  const commander = opening(parts);
  // The Commander goes on while every place is taken.
  commander.splice(-1, 1, call("worker_status"), call("worker_status"), call("await_workers"));
  const chat = await project.chat(swarmBrain([...commander, ...closing(parts)], parts));
  await chat.say("Build five");
  await chat.mutter("1");
  await expect.poll(() => seen.arrived, { timeout: 60_000 }).toBe(PLACES);
  const titles = async () => (await project.children(chat.session)).map(({ title }) => title).join("\n");
  await expect.poll(titles, { timeout: 60_000 }).toContain("waiting for the GPU (2 ahead)");
  await expect.poll(() => chat.results("worker_status").then((list) => list.length), { timeout: 60_000 }).toBe(2);
  expect(seen.most).toBe(PLACES);

  open();
  const state = await project.until("done", (swarm) => swarm?.phase === "done", 120_000);
  expect(state.workers.map(({ status }) => status)).toEqual(parts.map(() => "completed"));
  expect(seen.most).toBe(PLACES);
  await expect.poll(titles).not.toContain("waiting for the GPU");
  const measured = await answers(project);
  const waits = (role: string) => measured.filter((line) => line.role === role).map(({ queueMs }) => queueMs ?? -1);
  expect(Math.max(...waits("worker"))).toBeGreaterThan(1_000);
  expect(Math.max(...waits("commander"))).toBeLessThan(1_000);
  const priorities = host
    .requests()
    .flatMap(({ role, body }) => (role === "worker" || role === "commander" ? [[role, body.priority]] : []));
  expect(new Set(priorities.map(String))).toEqual(new Set(["commander,0", "worker,1"]));
  expect(Math.min(...waits("worker"), ...waits("commander"))).toBeGreaterThanOrEqual(0);
});

test("Workers that wait for their Scouts hold no place: more of them than places come to their end", async () => {
  const parts = Array.from({ length: 3 }, (_, index): Part => {
    const name = `n${index}`;
    const ask = call("task", { description: "look", prompt: `Find what ${name} needs`, subagent_type: "scout" });
    return { name, scope: [`src/${name}/**`], steps: [ask, ...goodWorker(`src/${name}/a.mjs`)] };
  });
  const helpers: Step[] = [call("glob", { pattern: "src/**" }), say("Scripted: found.")];
  const project = await host.project(checkedProject);
  const chat = await project.chat(swarmBrain([...opening(parts), ...closing(parts)], parts, helpers));
  await chat.say("Build three");
  await chat.say("1", 120_000);
  const state = await project.until("done", (swarm) => swarm?.phase === "done", 120_000);
  expect(state.workers.map(({ status }) => status)).toEqual(["completed", "completed", "completed"]);
});

test("a request that fails gives its place back, and so does one whose Worker is cancelled while it waits", async () => {
  const { seen, through, open } = room();
  const failing: Part = { name: "bad", scope: ["src/bad/**"], steps: [fail(400, "scripted: no such thing")] };
  const inside = new Set<string>();
  const names = ["h0", "h1", "h2"];
  const held = names.map((name): Part => {
    const [first, ...rest] = goodWorker(`src/${name}/a.mjs`);
    const once = () => {
      inside.add(name);
      return through(first as Reply);
    };
    return { name, scope: [`src/${name}/**`], steps: [once, ...rest] };
  });
  const parts = [failing, ...held];
  const idOf = (name: string) => id(parts.findIndex((part) => part.name === name));
  const waits = () => names.find((name) => !inside.has(name)) ?? "";
  const commander = opening(parts);
  const cancelWhoWaits = async () => {
    await expect.poll(() => seen.arrived, { timeout: 60_000 }).toBe(PLACES);
    return call("cancel_worker", { worker_id: idOf(waits()), reason: "not needed" });
  };
  const goOn = () => {
    open();
    return call("await_workers");
  };
  commander.splice(-1, 1, cancelWhoWaits, goOn);
  const project = await host.project(checkedProject);
  const chat = await project.chat(swarmBrain(commander, parts));
  await chat.say("Build four");
  await chat.mutter("1");
  const ends = ["completed", "failed", "cancelled"];
  const state = await project.until(
    "all over",
    (swarm) => swarm?.workers.length === 4 && swarm.workers.every(({ status }) => ends.includes(status)),
    120_000,
  );
  const statuses = state.workers.map(({ assignment, status }) => [assignment.id, status]);
  const expected = names.map((name) => [idOf(name), name === waits() ? "cancelled" : "completed"]);
  expect(statuses).toEqual([["w01", "failed"], ...expected]);
  expect(seen.arrived).toBe(PLACES);
});

test("a server that queues slows the swarm down to one at a time, and nothing is lost", async () => {
  const [first = say(""), ...rest] = goodWorker("src/slow/a.mjs");
  const slow: Part = { name: "slow", scope: ["src/slow/**"], steps: [hang(5_000, first as object), ...rest] };
  const more = ["s1", "s2"].map(
    (name): Part => ({ name, scope: [`src/${name}/**`], steps: goodWorker(`src/${name}/a.mjs`) }),
  );
  const parts = [slow, ...more];
  const project = await host.project(checkedProject);
  const chat = await project.chat(swarmBrain([...opening(parts), ...closing(parts)], parts));
  await chat.say("Build three");
  await chat.mutter("1");
  const state = await project.until("done", (swarm) => swarm?.phase === "done", 120_000);
  expect(state.workers.map(({ status }) => status)).toEqual(["completed", "completed", "completed"]);
});
