import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Reply, Step } from "../../vllm/simulator/brain.ts";
import { call, endless, fail, reset, say, silence } from "../../vllm/simulator/brain.ts";
import { checkedProject, everyWorkerEnded, goodWorker, opening, type Part, sessionOf, swarmBrain } from "./steps.ts";
import { type Chat, Host, type Project } from "./world.ts";

/** Short enough for a test, long enough for a slow machine: what must not be hit is several times longer. */
const LIMITS = { firstByte_s: 10, silence_s: 5, retries: 3, retryWait_s: 20 };

let host: Host;
beforeAll(async () => {
  host = await Host.start({ settings: { gate: { limits: LIMITS }, swarm: { takeUps: 2, takeUpWait_s: 1 } } });
}, 120_000);
afterAll(() => host.close());

/** Fails `times` times at the Worker's first call, then does what it should. */
function flaky(times: number, failure: Reply, file = "src/part/a.mjs"): Step[] {
  let left = times;
  const [first = say(""), ...rest] = goodWorker(file);
  return [() => (left-- > 0 ? failure : (first as Reply)), ...rest];
}

/** A swarm with one Worker that plays `steps` in `src/part/**`. */
const withWorker = (steps: readonly Step[]) => withParts([{ name: "part", scope: ["src/part/**"], steps }]);

/** A swarm whose Workers play `parts`. */
async function withParts(parts: readonly Part[]): Promise<{ project: Project; chat: Chat }> {
  const project = await host.project(checkedProject);
  const chat = await project.chat(swarmBrain([...opening(parts), say("Scripted: ended.")], parts));
  await chat.say("Build it");
  await chat.mutter("1");
  return { project, chat };
}

const ended = (project: Project) =>
  project.until("the Worker ended", (swarm) => ["completed", "failed"].includes(swarm?.workers[0]?.status ?? ""));

const line = z.looseObject({
  session: z.string(),
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
  return said(project, worker?.id ?? "");
}

async function said(project: Project, session: string): Promise<string[]> {
  const listed = await project.client.session.messages({ sessionID: session });
  return (listed.data ?? []).flatMap(({ info, parts }) =>
    info.role === "assistant" ? parts.flatMap((part) => (part.type === "text" ? [part.text] : [])) : [],
  );
}

describe("while nothing was shown, a failed request is sent again", () => {
  const html: Reply = { raw: { body: "<html>proxy</html>", contentType: "text/html" } };
  const inBody: Reply = {
    raw: { body: 'data: {"error":{"message":"engine dead","code":500}}\n\n', contentType: "text/event-stream" },
  };
  /** What fails, how often, and the failure's name. */
  const failures: Record<string, [Reply, number, string]> = {
    "a reset before the first byte": [reset(), 1, "reset"],
    "a hang before the first byte": [silence(), 1, "timeout"],
    "HTTP 429": [fail(429), 2, "rate"],
    "HTTP 500": [fail(500), 2, "server"],
    "HTTP 503": [fail(503), 2, "overload"],
    "HTTP 529": [fail(529), 2, "overload"],
    "an error in a 200": [inBody, 1, "server"],
    "another content type": [html, 1, "bad-response"],
  };

  test("typed, tried again, nothing lost and nothing said twice: a Worker for each", async () => {
    const parts = Object.entries(failures).map(([what, [reply, times]]): Part => {
      const name = what.replaceAll(/\W+/gu, "-");
      return { name, scope: [`src/${name}/**`], steps: flaky(times, reply, `src/${name}/a.mjs`) };
    });
    const { project } = await withParts(parts);
    const { workers } = await project.until("all Workers ended", everyWorkerEnded);
    expect(workers).toHaveLength(parts.length);
    for (const [index, [what, [, times, kind]]] of Object.entries(failures).entries()) {
      const worker = workers[index];
      expect(worker, what).toMatchObject({ status: "completed", attempt: 1 });
      const retries = (await noted(project)).filter(
        ({ session, type }) => session === sessionOf(worker) && type === "retry",
      );
      expect(
        retries.map(({ failure }) => failure),
        what,
      ).toEqual(Array(times).fill(kind));
      const over = [expect.stringContaining("Aegis: the report is in")];
      await expect.poll(() => said(project, sessionOf(worker)), { timeout: 30_000 }).toEqual(over);
    }
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
  const runaways: Record<string, [Reply, string]> = {
    "closing tags": [endless("</tool_call>\n"), "closingTags"],
    "one token": [endless("ha "), "repeatedToken"],
    "one line": [endless("I will now look at the file again and then I will write it.\n"), "repeatedLine"],
    "a call's line": [endless("const a = 1; // and once more the same\\n", "write"), "repeatedLine"],
  };

  test("cut, and the server sees the connection close: a Worker for each", async () => {
    const parts = Object.entries(runaways).map(([what, [reply]]): Part => {
      const name = what.replaceAll(/\W+/gu, "-");
      return { name, scope: [`src/${name}/**`], steps: flaky(1, reply, `src/${name}/a.mjs`) };
    });
    const { project } = await withParts(parts);
    const { workers } = await project.until("all Workers ended", everyWorkerEnded);
    expect(workers).toHaveLength(parts.length);
    for (const [index, [what, [, kind]]] of Object.entries(runaways).entries()) {
      const worker = workers[index];
      expect(worker, what).toMatchObject({ status: "completed", attempt: 1, runaways: 1 });
      const cuts = (await noted(project)).filter(
        ({ session, type }) => session === sessionOf(worker) && type === "runaway",
      );
      expect(cuts, what).toMatchObject([{ kind }]);
      const asked = host.requests().filter(({ sessionId }) => sessionId === sessionOf(worker));
      expect(asked[0], what).toMatchObject({ aborted: true });
      expect(JSON.stringify(asked[1]?.body.messages), what).toContain("Your last answer was cut off");
    }
  });
});
