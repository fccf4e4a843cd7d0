import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Reply, Step } from "../../vllm/simulator/brain.ts";
import { call, endless, fail, reset, say, silence } from "../../vllm/simulator/brain.ts";
import { checkedProject, goodWorker, opening, type Part, swarmBrain } from "./steps.ts";
import { type Chat, Host, type Project } from "./world.ts";

/** Short enough for a test, long enough for a slow machine: what must not be hit is several times longer. */
const LIMITS = { firstByte_s: 10, silence_s: 5, retries: 3, retryWait_s: 20 };

let host: Host;
beforeAll(async () => {
  host = await Host.start({ settings: { gate: { limits: LIMITS }, swarm: { takeUps: 2, takeUpWait_s: 1 } } });
}, 120_000);
afterAll(() => host.close());

/** Fails `times` times at the Worker's first call, then does what it should. */
function flaky(times: number, failure: Reply): Step[] {
  let left = times;
  const [first = say(""), ...rest] = goodWorker("src/part/a.mjs");
  return [() => (left-- > 0 ? failure : (first as Reply)), ...rest];
}

/** A swarm with one Worker that plays `steps` in `src/part/**`. */
async function withWorker(steps: readonly Step[]): Promise<{ project: Project; chat: Chat }> {
  const parts: Part[] = [{ name: "part", scope: ["src/part/**"], steps }];
  const project = await host.project(checkedProject);
  const chat = await project.chat(swarmBrain([...opening(parts), say("Scripted: ended.")], parts));
  await chat.say("Build it");
  await chat.mutter("1");
  return { project, chat };
}

const ended = (project: Project) =>
  project.until("the Worker ended", (swarm) => ["completed", "failed"].includes(swarm?.workers[0]?.status ?? ""));

const line = z.looseObject({
  type: z.string(),
  role: z.string(),
  failure: z.string().optional(),
  waitMs: z.number().optional(),
});

/** What the gate noted about Workers' requests. */
async function noted(project: Project): Promise<z.infer<typeof line>[]> {
  const log = (await project.read(".aegis/gate.jsonl")) ?? "";
  const lines = log.split("\n").filter((each) => each !== "");
  return lines.map((each) => line.parse(JSON.parse(each))).filter((each) => each.role === "worker");
}

/** Everything the Worker's session shows as said by the model. */
async function words(project: Project, chat: Chat): Promise<string[]> {
  const [worker] = await project.children(chat.session);
  const listed = await project.client.session.messages({ sessionID: worker?.id ?? "" });
  return (listed.data ?? []).flatMap(({ info, parts }) =>
    info.role === "assistant" ? parts.flatMap((part) => (part.type === "text" ? [part.text] : [])) : [],
  );
}

describe("while nothing was shown, a failed request is sent again", () => {
  const html: Reply = { raw: { body: "<html>proxy</html>", contentType: "text/html" } };
  const inBody: Reply = {
    raw: { body: 'data: {"error":{"message":"engine dead","code":500}}\n\n', contentType: "text/event-stream" },
  };
  test.each<[string, Reply, string]>([
    ["a reset before the first byte", reset(), "reset"],
    ["a hang before the first byte", silence(), "timeout"],
    ["HTTP 429", fail(429), "rate"],
    ["HTTP 500", fail(500), "server"],
    ["HTTP 503", fail(503), "overload"],
    ["HTTP 529", fail(529), "overload"],
    ["an error in a 200", inBody, "server"],
    ["another content type", html, "bad-response"],
  ])("%s: typed, tried again, nothing lost and nothing said twice", async (_, failure, kind) => {
    const { project, chat } = await withWorker(flaky(1, failure));
    expect((await ended(project)).workers[0]).toMatchObject({ status: "completed", attempt: 1 });
    expect((await noted(project)).filter((each) => each.type === "retry").map((each) => each.failure)).toContain(kind);
    await expect.poll(() => words(project, chat), { timeout: 30_000 }).toEqual(["Scripted: done."]);
  });

  test("a server's Retry-After is waited for", async () => {
    const { project } = await withWorker(flaky(1, fail(429, "slow down", 2)));
    expect((await ended(project)).workers[0]?.status).toBe("completed");
    expect((await noted(project)).find((each) => each.type === "retry")).toMatchObject({
      failure: "rate",
      waitMs: 2000,
    });
  });

  test("a server that is gone for a moment: refused connections are tried again until it is back", async () => {
    const [write = say(""), ...rest] = goodWorker("src/part/a.mjs");
    let stopped: Promise<void> | undefined;
    const once: Step = () => {
      if (stopped) return write as Reply;
      stopped = host.stopModel();
      return silence();
    };
    const { project } = await withWorker([once, ...rest]);
    await expect
      .poll(async () => (await noted(project)).some((each) => each.failure === "refused"), { timeout: 30_000 })
      .toBe(true);
    await stopped;
    await host.startModel();
    expect((await ended(project)).workers[0]).toMatchObject({ status: "completed", attempt: 1 });
  });
});

describe("a person's abort ends every wait at once", () => {
  test.each<[string, Step]>([
    ["for a first byte", silence()],
    ["in the middle of an answer", silence("half a")],
    ["between two tries", fail(429, "slow down", 15)],
    ["in a tool call", call("bash", { command: "sleep 60", description: "wait" })],
  ])("%s", async (where, stuck) => {
    const { project, chat } = await withWorker([stuck]);
    const seen = () =>
      host.requests().filter((request) => request.role === "worker" && request.parentSessionId === chat.session);
    await expect.poll(() => seen().length, { timeout: 30_000 }).toBeGreaterThan(0);
    const [below] = await project.children(chat.session);
    const calling = async () => (await project.tools(below?.id ?? "")).some((part) => part.status === "running");
    if (where === "in a tool call") await expect.poll(calling, { timeout: 30_000 }).toBe(true);
    await chat.abort();
    const state = await project.until("stopped", (swarm) => swarm?.workers[0]?.status === "cancelled", 15_000);
    expect(state.paused).toBe(true);
    await expect
      .poll(() => seen().filter((request) => request.endedAt === undefined).length, { timeout: 10_000 })
      .toBe(0);
    const busy = async () => Object.keys((await project.client.session.status()).data ?? {}).includes(below?.id ?? "");
    await expect.poll(busy, { timeout: 10_000 }).toBe(false);
  });
});

describe("a request that was given up", () => {
  const [write = say(""), ...rest] = goodWorker("src/part/a.mjs");
  const cut: Reply = {
    raw: {
      body: 'data: {"id":"x","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"half a"}}]}\n\n',
      contentType: "text/event-stream",
    },
  };
  test.each<[string, Reply, string]>([
    ["a reset in the middle of an answer", reset("half a"), "reset"],
    ["a silence in the middle of an answer", silence("half a"), "timeout"],
    ["an end without a finish", cut, "reset"],
  ])("%s: the Worker is taken up in its session, and nothing is said twice", async (_, broken, kind) => {
    // What was said before the break is in the history: the Worker's second turn, whose prompt says what happened.
    const once: Step = (turn) => (turn.userText.includes("model server did not answer") ? (write as Reply) : broken);
    const { project, chat } = await withWorker([once, once, ...rest.slice(0, 2), ...rest.slice(1)]);
    const state = await ended(project);
    expect(state.workers[0]).toMatchObject({ status: "completed", attempt: 1, takeUps: 1 });
    const events = await project.events();
    expect(events.filter((event) => event.type === "worker_started")).toHaveLength(1);
    expect(events.filter((event) => event.type === "worker_interrupted")).toMatchObject([{ failure: kind, takeUp: 1 }]);
    expect((await words(project, chat)).filter((text) => text.includes("half a"))).toEqual(["half a"]);
  });

  test("tried again and again in vain it fails the Worker, with the type and the next step, and not for ever", async () => {
    const { project, chat } = await withWorker([fail(503, "engine dead", 60)]);
    const { workers } = await ended(project);
    expect(workers[0]).toMatchObject({
      status: "failed",
      takeUps: 2,
      reason: expect.stringMatching(/failed 3 times.*\(overload\).*engine dead.*doctor.*retry_worker/u),
    });
    const asked = host
      .requests()
      .filter((request) => request.role === "worker" && request.parentSessionId === chat.session);
    // A Retry-After beyond the budget is no try of ours, and OpenCode makes none of its own.
    expect(asked).toHaveLength(3);
  });
});

describe("output without end", () => {
  test.each<[string, Reply, string]>([
    ["closing tags", endless("</tool_call>\n"), "closingTags"],
    ["one token", endless("ha "), "repeatedToken"],
    ["one line", endless("I will now look at the file again and then I will write it.\n"), "repeatedLine"],
    ["one line in a call's arguments", endless("const a = 1; // and once more the same\\n", "write"), "repeatedLine"],
  ])("%s: cut, and the server sees the connection close", async (_, runaway, kind) => {
    const { project, chat } = await withWorker(flaky(1, runaway));
    expect((await ended(project)).workers[0]).toMatchObject({ status: "completed", attempt: 1 });
    const cut = (await noted(project)).find((each) => each.type === "runaway");
    expect(cut).toMatchObject({ kind });
    const first = host
      .requests()
      .find((request) => request.role === "worker" && request.parentSessionId === chat.session);
    expect(first).toMatchObject({ aborted: true });
    expect((await project.state())?.workers[0]?.runaways).toBe(1);
    const told = host.requests().filter((request) => request.sessionId === first?.sessionId);
    expect(JSON.stringify(told[1]?.body.messages)).toContain("Your last answer was cut off");
  });
});
