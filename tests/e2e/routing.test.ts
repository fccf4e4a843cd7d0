import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Reply, Turn } from "../../vllm/simulator/brain.ts";
import { call, fail, say } from "../../vllm/simulator/brain.ts";
import { checkedProject, closing, goodWorker, opening, type Part, swarmBrain } from "./steps.ts";
import { Host, type Project } from "./world.ts";

/** What each scripted provider answers in place of the script, while it is set. */
const instead: Record<string, (turn: Turn) => Reply | undefined> = {};
const further = (id: string) => ({ id, modelId: `${id}-model`, instead: (turn: Turn) => instead[id]?.(turn) });
const providerOf = (id: string, hostProvider: string) => ({
  [id]: {
    hostProvider,
    models: { high: `${hostProvider}-model`, medium: `${hostProvider}-model`, low: `${hostProvider}-model` },
  },
});
const LIMITS = { retries: 1, retryWait_s: 1 };

let host: Host;
beforeAll(async () => {
  host = await Host.start({
    further: [further("one"), further("two"), further("three")],
    settings: {
      fusionDefault: true,
      gate: { limits: LIMITS },
      swarm: { takeUps: 3, takeUpWait_s: 1 },
      routing: {
        primary: "claude",
        external: { enabled: true },
        preferClaude: [],
        preferOpencode: [],
        providers: { ...providerOf("claude", "one"), ...providerOf("openai", "two"), ...providerOf("gemini", "three") },
      },
    },
  });
}, 120_000);
afterAll(() => host.close());

const stateFile = (name: string) => path.join(host.home, ".local/state/oh-my-qwencoder", name);
beforeEach(async () => {
  for (const id of Object.keys(instead)) delete instead[id];
  for (const name of ["fusion.json", "routing.jsonl"]) await rm(stateFile(name), { force: true });
});

const PARTS: Part[] = [
  {
    name: "a",
    scope: ["src/a/**"],
    steps: [
      call("task", { subagent_type: "scout", description: "look", prompt: "Look at src" }),
      ...goodWorker("src/a/a.mjs"),
    ],
  },
];

async function play(): Promise<{ project: Project; session: string }> {
  const project = await host.project(checkedProject);
  const chat = await project.chat(swarmBrain([...opening(PARTS), ...closing(PARTS)], PARTS, [say("Scripted: found.")]));
  await chat.say("Build it");
  await chat.mutter("1");
  return { project, session: chat.session };
}

/** Which roles each provider was asked for, by this test's sessions. */
function roles(sessions: readonly string[]): Record<string, string[]> {
  const of = (server: { requests(): readonly { sessionId: string; role: string }[] } | undefined) => [
    ...new Set(
      server
        ?.requests()
        .filter((each) => sessions.includes(each.sessionId))
        .map((each) => each.role),
    ),
  ];
  return { local: of(host.model), ...Object.fromEntries([...host.further].map(([id, server]) => [id, of(server)])) };
}

async function family(project: Project, root: string): Promise<string[]> {
  const children = await project.children(root);
  const below = await Promise.all(children.map(({ id }) => family(project, id)));
  return [root, ...below.flat()];
}

async function log(): Promise<Record<string, unknown>[]> {
  const text = await readFile(stateFile("routing.jsonl"), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("sessions on real OpenCode", () => {
  test("go where the verdict says: by tier, each role to its provider", async () => {
    const { project, session } = await play();
    await project.until("done", (swarm) => swarm?.phase === "done");
    const asked = roles(await family(project, session));
    expect(asked.one).toContain("commander");
    expect(asked.two).toEqual(["worker"]);
    expect(asked.three).toEqual(["scout"]);
    expect(asked.local?.filter((role) => role !== "title")).toEqual([]);
    const decided = (await log()).filter((line) => line.type === "decided");
    expect(decided.map((line) => [line.agent, line.provider])).toEqual(
      expect.arrayContaining([
        ["commander", "claude"],
        ["worker", "openai"],
        ["scout", "gemini"],
      ]),
    );
  });

  test("a limited provider in the middle of a swarm: the Worker goes on with the next one", async () => {
    // From the second request on: the Worker has begun there.
    let requests = 0;
    instead.two = (turn) => (turn.role === "worker" && ++requests > 1 ? fail(429) : undefined);
    const { project, session } = await play();
    const swarm = await project.until("done", (state) => state?.phase === "done");
    expect(swarm.workers[0]).toMatchObject({ status: "completed", attempt: 1 });
    const asked = roles(await family(project, session));
    expect(asked.two).toContain("worker");
    expect([...(asked.one ?? []), ...(asked.three ?? [])]).toContain("worker");
    expect(await log()).toContainEqual(
      expect.objectContaining({ type: "failed", provider: "openai", failure: "rate" }),
    );
  });

  test("an exhausted quota of the primary: the chain takes over, and the primary comes back once it is free", async () => {
    instead.one = () => fail(402);
    const project = await host.project(checkedProject);
    const chat = await project.chat(() => ({ text: "Scripted: yes." }));
    const commanders = (id: string) =>
      (host.further.get(id)?.requests() ?? []).filter(
        (each) => each.sessionId === chat.session && each.role === "commander",
      ).length;
    await chat.say("What is this project?");
    const stored = async () => JSON.parse(await readFile(stateFile("fusion.json"), "utf8").catch(() => "{}"));
    await expect.poll(async () => (await stored()).fallback?.why, { timeout: 30_000 }).toBe("claude quota");
    const kept = await stored();
    expect(kept.cooldowns).toContainEqual(expect.objectContaining({ provider: "claude", why: "quota" }));
    // Whoever the test before left resting is passed over: any of the chain will do.
    const others = () => commanders("two") + commanders("three");
    await chat.say("Again, please");
    expect(others()).toBeGreaterThan(0);

    delete instead.one;
    const failed = commanders("one");
    const past = Date.now() - 1;
    const passed = { ...kept, fallback: { ...kept.fallback, until: past }, cooldowns: [] };
    await writeFile(stateFile("fusion.json"), JSON.stringify(passed));
    await chat.say("And now?");
    expect(commanders("one")).toBeGreaterThan(failed);
    expect((await log()).map((line) => line.type)).toEqual(expect.arrayContaining(["decided", "failed", "recovered"]));
  });
});
