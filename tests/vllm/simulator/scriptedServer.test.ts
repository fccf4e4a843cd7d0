import { EventEmitter, once } from "node:events";
import OpenAI from "openai";
import { afterEach, expect, it } from "vitest";
import {
  type Brain,
  byBriefing,
  byRole,
  call,
  calls,
  fail,
  hang,
  resultOf,
  say,
  script,
} from "../../../vllm/simulator/brain.ts";
import {
  type ScriptedServer,
  type ScriptedServerOptions,
  startScriptedServer,
} from "../../../vllm/simulator/scriptedServer.ts";

const running: ScriptedServer[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

async function start(brain: Brain, extra: Partial<ScriptedServerOptions> = {}) {
  const server = await startScriptedServer({ brain, modelId: "scripted-test", ...extra });
  running.push(server);
  return { server, client: new OpenAI({ baseURL: server.baseUrl, apiKey: "none", maxRetries: 0 }) };
}

function deferred() {
  const emitter = new EventEmitter();
  return { promise: once(emitter, "go"), resolve: () => emitter.emit("go") };
}

const tool = (name: string) => ({ type: "function" as const, function: { name, parameters: { type: "object" } } });
const root = (server: ScriptedServer) => server.baseUrl.replace(/\/v1$/, "");
const user = (content: string) => ({ role: "user" as const, content });

it("streams text and a tool call whose arguments arrive whole, with usage", async () => {
  const { client } = await start(() => call("bash", { command: 'echo 안녕 "q"', description: "say hello" }, "on it"));
  const stream = client.chat.completions.stream({
    model: "scripted-test",
    messages: [user("hi")],
    tools: [tool("bash")],
    stream_options: { include_usage: true },
  });
  const final = await stream.finalChatCompletion();
  const made = final.choices[0]?.message.tool_calls?.[0];
  expect(final.choices[0]?.message.content).toBe("on it");
  expect(made?.type === "function" && JSON.parse(made.function.arguments)).toEqual({
    command: 'echo 안녕 "q"',
    description: "say hello",
  });
  expect(final.choices[0]?.finish_reason).toBe("tool_calls");
  expect(final.usage?.prompt_tokens).toBeGreaterThan(0);
  expect(final.usage?.completion_tokens).toBeGreaterThan(0);
});

it("answers without streaming too, several calls in one turn, and malformed arguments as they are", async () => {
  const { client } = await start(() => calls(["read", { filePath: "a" }], ["read", '{"filePath": "b"']));
  const answer = await client.chat.completions.create({
    model: "scripted-test",
    messages: [user("hi")],
    tools: [tool("read")],
  });
  expect(
    answer.choices[0]?.message.tool_calls?.map((made) => made.type === "function" && made.function.arguments),
  ).toEqual(['{"filePath":"a"}', '{"filePath": "b"']);
});

it("finds role, session and parent, and gives a step the results so far", async () => {
  const brain = byRole({
    commander: [
      call("worker_status"),
      (turn) =>
        say(
          `${turn.sessionId}<${turn.parentSessionId}: ${resultOf(turn, "worker_status")?.text} / ${turn.lastToolResults.length}`,
        ),
    ],
    worker: byBriefing([
      [/store/, [say("store worker")]],
      [/api/, script([say("api worker")])],
    ]),
    scout: [say("scout here")],
  });
  const { client, server } = await start(brain);
  const headers = { "x-session-affinity": "ses_1", "x-parent-session-id": "ses_0" };
  const ask = async (
    messages: OpenAI.ChatCompletionMessageParam[],
    tools: string[],
    sent: Record<string, string> = headers,
  ) =>
    (
      await client.chat.completions.create(
        { model: "scripted-test", messages, ...(tools.length ? { tools: tools.map(tool) } : {}) },
        { headers: sent },
      )
    ).choices[0]?.message;
  const first = await ask([user("go")], ["dispatch_workers", "worker_status"]);
  const made = first?.tool_calls?.[0];
  expect(made?.type === "function" && made.function.name).toBe("worker_status");
  const second = await ask(
    [
      user("go"),
      { role: "assistant", content: null, tool_calls: first?.tool_calls ?? [] },
      { role: "tool", tool_call_id: made?.id ?? "", content: "w01 queued" },
    ],
    ["dispatch_workers", "worker_status"],
  );
  expect(second?.content).toBe("ses_1<ses_0: w01 queued / 1");
  expect((await ask([user("Your part: api")], ["report_result"], { "X-Session-Id": "ses_9" }))?.content).toBe(
    "api worker",
  );
  expect(
    (await ask([{ role: "system", content: "You are the Scout. Read." }, user("where?")], ["read"]))?.content,
  ).toBe("scout here");
  expect((await ask([{ role: "system", content: "You are a title generator" }, user("x")], []))?.content).toMatch(
    /scripted/i,
  );
  expect((await ask([user("x")], ["read"]))?.content).toMatch(/no script for the role other/);
  expect(server.requests().map((request) => [request.role, request.sessionId])).toEqual([
    ["commander", "ses_1"],
    ["commander", "ses_1"],
    ["worker", "ses_9"],
    ["scout", "ses_1"],
    ["title", "ses_1"],
    ["other", "ses_1"],
  ]);
  expect(server.requests()[0]?.body).not.toHaveProperty("x_scripted_request");
});

it("says errors, raw bodies and a brain's own failure, and refuses what it cannot read", async () => {
  let reply: Brain = () => fail(503, "overloaded");
  const { client, server } = await start((turn) => reply(turn));
  const ask = () => client.chat.completions.create({ model: "scripted-test", messages: [user("x")] });
  await expect(ask()).rejects.toMatchObject({ status: 503, message: expect.stringContaining("overloaded") });
  reply = () => {
    throw new Error("no such scene");
  };
  await expect(ask()).rejects.toMatchObject({ status: 500, message: expect.stringContaining("no such scene") });
  reply = () => ({ raw: { body: 'data: {"broken\n\n' } });
  const raw = await fetch(`${server.baseUrl}/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ model: "scripted-test", messages: [user("x")] }),
  });
  expect(await raw.text()).toBe('data: {"broken\n\n');
  await expect(client.chat.completions.create({ model: "gpt-x", messages: [] })).rejects.toMatchObject({ status: 404 });
  expect((await fetch(`${server.baseUrl}/chat/completions`, { method: "POST", body: "{" })).status).toBe(400);
});

it("has vLLM's surface and says that it is scripted", async () => {
  const { client, server } = await start(() => say("x"), { maxModelLen: 65_536 });
  const models = await client.models.list();
  expect(models.data[0]).toMatchObject({ id: "scripted-test", owned_by: "scripted", max_model_len: 65_536 });
  expect((await fetch(`${root(server)}/health`)).status).toBe(200);
  expect(await (await fetch(`${root(server)}/version`)).json()).toMatchObject({
    scripted: true,
    version: expect.stringContaining("scripted"),
  });
  const counted = await fetch(`${root(server)}/tokenize`, {
    method: "POST",
    body: JSON.stringify({ model: "scripted-test", prompt: "12345678" }),
  });
  expect(await counted.json()).toMatchObject({ count: 2, max_model_len: 65_536 });
  expect((await fetch(`${root(server)}/nowhere`)).status).toBe(404);
});

it("counts what runs at the same time, and notices a client that leaves", async () => {
  const gate = deferred();
  const both = deferred();
  let arrived = 0;
  const { client, server } = await start(async (turn) => {
    if (turn.userText === "leave") return hang(60_000);
    arrived += 1;
    if (arrived === 2) both.resolve();
    await gate.promise;
    return say("done");
  });
  const ask = (text: string, signal?: AbortSignal) =>
    client.chat.completions.create({ model: "scripted-test", messages: [user(text)] }, signal ? { signal } : {});
  const pair = [ask("a"), ask("b")];
  await both.promise;
  const metrics = await (await fetch(`${root(server)}/metrics`)).text();
  expect(metrics).toMatch(/^vllm:num_requests_running\{[^}]*\} 2$/m);
  expect(metrics).toMatch(/^vllm:num_requests_waiting\{[^}]*\} 0$/m);
  gate.resolve();
  await Promise.all(pair);
  const [first, second] = server.requests();
  expect(first?.startedAt).toBeLessThanOrEqual(second?.endedAt ?? 0);
  expect(second?.startedAt).toBeLessThanOrEqual(first?.endedAt ?? 0);

  const leaving = new AbortController();
  const left = ask("leave", leaving.signal);
  await expect.poll(() => server.requests().length).toBe(3);
  const waiting = async () =>
    (await (await fetch(`${root(server)}/metrics`)).text()).match(/num_requests_waiting\{.*/)?.[0];
  await expect.poll(waiting).toMatch(/ 1$/);
  leaving.abort();
  await expect(left).rejects.toThrow();
  await expect.poll(() => server.requests()[2]).toMatchObject({ aborted: true, endedAt: expect.any(Number) });
  expect(await (await fetch(`${root(server)}/metrics`)).text()).toMatch(/^vllm:num_requests_running\{[^}]*\} 0$/m);
});

it("keeps the pace it is told", async () => {
  const { client } = await start(() => say("x".repeat(160)), { tokensPerSecond: 200, latencyMs: 50 });
  const began = performance.now();
  await client.chat.completions.stream({ model: "scripted-test", messages: [user("hi")] }).finalChatCompletion();
  // 160 characters are 40 tokens: 200 ms at this pace, after 50 ms of latency.
  expect(performance.now() - began).toBeGreaterThan(200);
});

it("asks for one of its keys below /v1, and leaves the rest open", async () => {
  const { server } = await start(() => say("hi"), { apiKeys: ["first", "second"] });
  const status = async (path: string, key?: string) =>
    (await fetch(`${root(server)}${path}`, { headers: key === undefined ? {} : { authorization: `Bearer ${key}` } }))
      .status;
  expect([await status("/v1/models"), await status("/v1/models", "wrong")]).toEqual([401, 401]);
  expect([await status("/v1/models", "first"), await status("/v1/models", "second")]).toEqual([200, 200]);
  expect([await status("/health"), await status("/metrics"), await status("/version")]).toEqual([200, 200, 200]);
});
