import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Reply, Step, Turn } from "../../vllm/simulator/brain.ts";
import { call, fail, say } from "../../vllm/simulator/brain.ts";
import { checkedProject, closing, goodWorker, opening, type Part, swarmBrain } from "./steps.ts";
import { Host, type Project } from "./world.ts";

/** What each scripted provider answers in place of the script, while it is set. */
const instead: Record<string, (turn: Turn) => Reply | undefined> = {};
/** Providers as a team has them: OpenCode's own names, SDKs and models, each on its real API. */
const PROVIDERS = [
  {
    id: "anthropic",
    surface: "anthropic",
    modelId: "claude-opus-4-5",
    models: ["claude-opus-4-5", "claude-sonnet-4-5", "claude-haiku-4-5"],
  },
  { id: "openai", surface: "openai", modelId: "gpt-5.2-codex" },
  { id: "google", surface: "gemini", modelId: "gemini-3-flash" },
] as const;
/** What Anthropic's answers say of the five hours. */
const told = { utilization: "0.42" };
const HEADERS: Record<string, () => Record<string, string>> = {
  anthropic: () => ({ "anthropic-ratelimit-unified-5h-utilization": told.utilization }),
  openai: () => ({ "x-ratelimit-limit-tokens": "1000", "x-ratelimit-remaining-tokens": "750" }),
};
const LIMITS = { retries: 1, retryWait_s: 1 };

let host: Host;
beforeAll(async () => {
  host = await Host.start({
    further: PROVIDERS.map((each) => ({
      ...each,
      instead: (turn: Turn) => instead[each.id]?.(turn),
      headers: () => HEADERS[each.id]?.() ?? {},
    })),
    settings: {
      fusionDefault: true,
      gate: { limits: LIMITS },
      swarm: { takeUps: 5, takeUpWait_s: 1 },
      routing: { primary: "claude", external: { enabled: true } },
    },
  });
}, 120_000);
afterAll(() => host.close());

const stateFile = (name: string) => path.join(host.home, ".local/state/oh-my-qwencoder", name);
beforeEach(async () => {
  for (const id of Object.keys(instead)) delete instead[id];
  told.utilization = "0.42";
  for (const name of ["fusion.json", "limits.json", "routing.jsonl"]) await rm(stateFile(name), { force: true });
});

/** OpenCode offers GPT models `apply_patch` in the place of `write` and `edit`. */
const writesFile: Step = (turn) =>
  turn.tools.includes("write")
    ? call("write", { filePath: "src/a/a.mjs", content: "export const ok = 1;\n" })
    : call("apply_patch", {
        patchText: "*** Begin Patch\n*** Add File: src/a/a.mjs\n+export const ok = 1;\n*** End Patch",
      });
const PARTS: Part[] = [
  {
    name: "a",
    scope: ["src/a/**"],
    steps: [
      call("task", { subagent_type: "scout", description: "look", prompt: "Look at src" }),
      writesFile,
      ...goodWorker("src/a/a.mjs").slice(1),
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
    expect(asked.anthropic).toContain("commander");
    expect(asked.openai).toEqual(["worker"]);
    expect(asked.google).toEqual(["scout"]);
    expect(asked.local?.filter((role) => role !== "title")).toEqual([]);
    const decided = (await log()).filter((line) => line.type === "decided");
    expect(decided.map((line) => [line.agent, line.provider])).toEqual(
      expect.arrayContaining([
        ["commander", "claude"],
        ["worker", "openai"],
        ["scout", "gemini"],
      ]),
    );
    // What the answers' headers told of the limits counts for the next turn.
    const limits = async () => JSON.parse(await readFile(stateFile("limits.json"), "utf8").catch(() => "{}"));
    await expect
      .poll(async () => (await limits()).windows, { timeout: 30_000 })
      .toEqual(
        expect.arrayContaining([
          expect.objectContaining({ provider: "claude", windowKind: "5h", usedPercent: 42 }),
          expect.objectContaining({ provider: "openai", windowKind: "tokens", usedPercent: 25 }),
        ]),
      );
    told.utilization = "0.93";
    const chat = await project.chat(() => ({ text: "Scripted: yes." }));
    await chat.say("How full is it?");
    await chat.say("And now?");
    const codes = (await log()).filter((line) => line.session === chat.session).map((line) => line.reason);
    expect(codes).toContainEqual({ code: "limit", detail: "claude-limit-93%" });
  });

  test("429, 529 and RESOURCE_EXHAUSTED in the middle of a swarm: the Worker goes on with the next, and is not lost", async () => {
    // From the second request on: the Worker has begun there. Each refuses in its provider's own words.
    let requests = 0;
    instead.openai = (turn) => (turn.role === "worker" && ++requests > 1 ? fail(429, undefined, 3600) : undefined);
    instead.anthropic = (turn) => (turn.role === "worker" ? fail(529) : undefined);
    instead.google = (turn) => (turn.role === "worker" ? fail(429, undefined, 34) : undefined);
    const { project, session } = await play();
    const swarm = await project.until("done", (state) => state?.phase === "done");
    expect(swarm.workers[0]).toMatchObject({ status: "completed", attempt: 1 });
    expect(await project.read("src/a/a.mjs")).toContain("ok");
    const asked = roles(await family(project, session));
    for (const id of ["openai", "anthropic", "google", "local"]) expect(asked[id]).toContain("worker");
    const failures = (await log()).filter((line) => line.type === "failed");
    expect(failures.map(({ provider, failure, next }) => [provider, failure, next])).toEqual([
      ["openai", "rate", "claude"],
      ["claude", "overload", "gemini"],
      ["gemini", "rate", "local"],
    ]);
    // What a provider asked for is kept to the letter, in the header's form and in Google's.
    const rests = failures.map((line) => Date.parse(String(line.coolingUntil)) - Date.parse(String(line.timestamp)));
    expect(rests).toEqual([3_600_000, 30_000, 34_000]);
  });

  test("an exhausted quota of the primary: the chain takes over, and the primary comes back once it is free", async () => {
    instead.anthropic = () => fail(402);
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
    const others = () =>
      commanders("openai") +
      commanders("google") +
      host.model.requests().filter((each) => each.sessionId === chat.session && each.role === "commander").length;
    await chat.say("Again, please");
    expect(others()).toBeGreaterThan(0);

    delete instead.anthropic;
    const failed = commanders("anthropic");
    const past = Date.now() - 1;
    const passed = { ...kept, fallback: { ...kept.fallback, until: past }, cooldowns: [] };
    await writeFile(stateFile("fusion.json"), JSON.stringify(passed));
    await chat.say("And now?");
    expect(commanders("anthropic")).toBeGreaterThan(failed);
    expect((await log()).map((line) => line.type)).toEqual(expect.arrayContaining(["decided", "failed", "recovered"]));
  });

  test("a session outside the swarm is the policy's while its person's mode holds; its subagents and commands too", async () => {
    const project = await host.project(checkedProject);
    const look = call("task", { subagent_type: "explore", description: "look", prompt: "Where is src?" });
    const chat = await project.chat(
      (turn) =>
        turn.assistantTurns === 0 && turn.parentSessionId === "" && turn.role !== "title"
          ? look
          : { text: "Scripted: yes." },
      "build",
    );
    const asked = async () => {
      const sessions = await family(project, chat.session);
      const of = (server: { requests(): readonly { sessionId: string }[] } | undefined) =>
        (server?.requests() ?? []).filter(({ sessionId }) => sessions.includes(sessionId)).length;
      return {
        ...Object.fromEntries([...host.further].map(([id, server]) => [id, of(server)])),
        local: of(host.model),
      };
    };
    await chat.say("What is this project? hulw");
    // The person's own turn on the primary, the subagent by its tier.
    expect(await asked()).toMatchObject({ anthropic: 2, google: 1, openai: 0 });
    const before = await asked();
    await chat.say("And how old is it?");
    expect(await asked()).toMatchObject({ anthropic: 2, google: 1, openai: 0 });
    expect((await asked()).local).toBeGreaterThan(before.local ?? 0);
    await chat.command("fusion-setup", "");
    const told = [...host.further.values(), host.model]
      .flatMap((server) => server.requests())
      .filter(({ sessionId }) => sessionId === chat.session)
      .findLast(({ body }) => JSON.stringify(body).includes("Show me the lines above as they are"));
    // What the person asked to be told: which of the providers can be used here, and how.
    expect(JSON.stringify(told?.body)).toMatch(/openai: [^"]*OpenCode has it configured/u);
    await chat.command("fusion-default-off", "");
    const own = await readFile(path.join(host.home, ".config/oh-my-qwencoder/aegis.jsonc"), "utf8");
    expect(JSON.parse(own)).toMatchObject({ fusionDefault: false, routing: { primary: "claude" } });
  });
});

test("autopilot called off by its command: the design waits for the person again", async () => {
  const project = await host.project(checkedProject);
  const chat = await project.chat(
    swarmBrain([say("Scripted: I look."), say("Scripted: off."), ...opening(PARTS)], PARTS),
  );
  await chat.say("autopilot: build it");
  expect((await project.state())?.autopilot).toBe(true);
  await chat.command("cancel-autopilot", "");
  expect((await project.state())?.autopilot).toBe(false);
  await chat.say("Go on");
  expect(await project.state()).toMatchObject({ design: { status: "open" }, question: { kind: "design" } });
});
