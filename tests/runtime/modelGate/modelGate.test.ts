import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { hostWouldRetry } from "../../../src/core/gate/hostRetry.ts";
import { EVERY_REPAIR } from "../../../src/core/gate/report.ts";
import type { GateEvent } from "../../../src/runtime/modelGate/gateEvents.ts";
import { ModelGate } from "../../../src/runtime/modelGate/modelGate.ts";
import { gateWith, LIMITS, SETTINGS, WORLD } from "./gateWith.ts";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A real HTTP server; `answers` are taken one after the other, the last for ever. */
async function serve(...answers: ((response: ServerResponse, request: IncomingMessage) => void)[]) {
  const seen: { body: string; closedEarly: boolean }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => {
      body += piece;
    });
    request.on("end", () => {
      const record = { body, closedEarly: false };
      response.on("close", () => {
        record.closedEarly = !response.writableFinished;
      });
      const answer = answers[Math.min(seen.length, answers.length - 1)];
      seen.push(record);
      answer?.(response, request);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/chat/completions`, seen };
}

const chunk = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
const GOOD = `${chunk({ content: "hel" })}${chunk({ content: "lo" })}${chunk({}, "stop")}data: [DONE]\n\n`;
const stream = (response: ServerResponse) => response.writeHead(200, { "content-type": "text/event-stream" });
const good = (response: ServerResponse) => void stream(response).end(GOOD);

const ask = (signal?: AbortSignal) => ({
  method: "POST",
  headers: { "x-session-affinity": "ses_1", "content-type": "application/json" },
  body: JSON.stringify({ model: "m", messages: [{ role: "user", content: "hi" }], stream: true }),
  ...(signal ? { signal } : {}),
});

describe("the model gate before a real server", () => {
  it("passes a well-formed stream byte for byte, and the request too", async () => {
    const { url, seen } = await serve(good);
    const { send, events } = gateWith();
    const response = await send(url, ask());
    expect(await response.text()).toBe(GOOD);
    expect(seen.map((each) => each.body)).toEqual([ask().body]);
    expect(events.map((event) => event.type)).toEqual(["answered", "repaired"]);
  });

  it("hands a session outside the swarm the very answer that came, and sends the very request it was given", async () => {
    const answer = new Response(chunk({ content: "<tool_call>" }), {
      headers: { "content-type": "text/event-stream" },
    });
    const seen: unknown[] = [];
    const send = gateWith({}, "none").gate.fetchFor("aegis", async (...given) => {
      seen.push(...given);
      return answer;
    });
    const request = ask();
    expect(await send("http://127.0.0.1:9/v1", request)).toBe(answer);
    expect(seen).toEqual(["http://127.0.0.1:9/v1", request]);
    expect(seen[1]).toBe(request);
  });

  it("makes malformed arguments in the history valid, unless that is switched off", async () => {
    const { url, seen } = await serve(good);
    const call = { id: "c", type: "function", function: { name: "read", arguments: '{"filePath":"a"' } };
    const body = JSON.stringify({ model: "m", messages: [{ role: "assistant", tool_calls: [call] }], stream: true });
    await (await gateWith().send(url, { ...ask(), body })).text();
    await (await gateWith({ repair: { ...EVERY_REPAIR, history: false } }).send(url, { ...ask(), body })).text();
    const off = gateWith({ repair: { ...EVERY_REPAIR, except: ["historyArguments"] } });
    await (await off.send(url, { ...ask(), body })).text();
    const sent = seen.map((each) => JSON.parse(each.body).messages[0].tool_calls[0].function.arguments);
    expect(sent).toEqual(['{"filePath":"a"}', '{"filePath":"a"', '{"filePath":"a"']);
  });

  it("answers in the model's place where a turn has ended, before anything is waited for or sent", async () => {
    const { url, seen } = await serve(good);
    const events: GateEvent[] = [];
    const shown: string[] = [];
    const gateOf = (role: string) =>
      new ModelGate(
        SETTINGS,
        WORLD,
        async () => role,
        (event) => events.push(event),
        { enter: () => Promise.reject(new Error("a turn was asked for")) },
        (session, body) => {
          shown.push(`${session} ${body}`);
          return { words: "Over.", reportedAt: 7 };
        },
      );
    const response = await gateOf("worker").fetchFor("aegis", fetch)(url, ask());
    const pieces = (await response.text()).split("\n\n").filter((piece) => piece !== "");
    expect(pieces.at(-1)).toBe("data: [DONE]");
    const [said, end, usage] = pieces.slice(0, -1).map((piece) => JSON.parse(piece.slice("data: ".length)));
    expect(said.choices[0].delta).toEqual({ role: "assistant", content: "Over." });
    expect(end.choices[0].finish_reason).toBe("stop");
    expect(usage.usage).toEqual({ prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 });
    expect(shown).toEqual([`ses_1 ${ask().body}`]);
    expect(events).toEqual([{ session: "ses_1", role: "worker", provider: "aegis", type: "spared", reportedAt: 7 }]);
    expect(seen).toHaveLength(0);
    // Nobody asks it about a session outside the swarm, or about another API's request.
    await gateOf("none").fetchFor("aegis", fetch)(url, ask());
    await expect(gateOf("worker").fetchFor("aegis", fetch)(url.replace(/chat.*/u, "messages"), ask())).rejects.toThrow(
      "a turn was asked for",
    );
    expect(shown).toHaveLength(1);
  });

  it("leaves a session outside the swarm alone: one request, its failure as it came", async () => {
    const { url, seen } = await serve((response) => void response.writeHead(503).end("busy"));
    const { send, events } = gateWith({}, "none");
    const response = await send(url, ask());
    expect([response.status, await response.text(), seen.length, events.length]).toEqual([503, "busy", 1, 0]);
  });

  it.each([
    ["a connection that is reset", (response: ServerResponse) => void response.destroy()],
    ["no first byte", () => undefined],
    ["headers and then nothing", (response: ServerResponse) => void stream(response).flushHeaders()],
    [
      "an error in a 200",
      (response: ServerResponse) => void stream(response).end('data: {"error":{"message":"x","code":500}}\n\n'),
    ],
    [
      "another content type",
      (response: ServerResponse) => void response.writeHead(200, { "content-type": "text/html" }).end("<p>"),
    ],
    ["an empty answer", (response: ServerResponse) => void stream(response).end()],
  ])("%s is tried again while nothing was shown", async (_, broken) => {
    const { url, seen } = await serve(broken, good);
    // Long enough for the second answer on a machine that does other things too.
    const { send, events } = gateWith({ limits: { ...LIMITS, firstByteMs: 2_000 } });
    expect(await (await send(url, ask())).text()).toBe(GOOD);
    expect(seen).toHaveLength(2);
    expect(events.filter((event) => event.type === "retry")).toHaveLength(1);
  });

  it("gives up within its budget with a status that nobody retries, and names the cause", async () => {
    const { url, seen } = await serve((response) => void response.writeHead(503).end("engine dead"));
    const { send, events } = gateWith();
    const response = await send(url, ask());
    expect(response.status).toBe(424);
    const text = await response.text();
    expect(text).toMatch(/after 4 tries.*overload.*doctor/);
    // With the server's own words the host would take it for an error that it may try again.
    expect(hostWouldRetry(text)).toBe(false);
    expect(seen).toHaveLength(4);
    const detail = expect.stringContaining("engine dead");
    expect(events.at(-1)).toMatchObject({ type: "failed", attempts: 4, failure: "overload", retryable: true, detail });
  });

  it("a refused connection is typed and given up on", async () => {
    const { send } = gateWith();
    const { url } = await serve(good);
    const server = servers.pop();
    await new Promise((resolve) => server?.close(resolve));
    const response = await send(url, ask());
    expect(response.status).toBe(424);
    expect(await response.text()).toContain("(refused)");
  });

  it("waits as long as Retry-After says, and not at all where that is beyond the budget", async () => {
    const limited = (after: string) => (response: ServerResponse) =>
      void response.writeHead(429, { "retry-after": after }).end("slow down");
    const soon = await serve(limited("1"), good);
    const { send, events } = gateWith();
    expect((await send(soon.url, ask())).status).toBe(200);
    expect(events[0]).toMatchObject({ type: "retry", failure: "rate", waitMs: 1000 });
    const late = await serve(limited("3600"));
    expect((await send(late.url, ask())).status).toBe(424);
    expect(late.seen).toHaveLength(1);
  });

  it.each([
    [{ "retry-after": "3600" }, "slow down", 3_600_000],
    [{ "retry-after-ms": "61234", "retry-after": "62" }, "slow down", 61_234],
    [{}, '{"error":{"code":429,"details":[{"retryDelay":"34.5s"}]}}', 34_500],
  ])("what a provider asks for is told to the millisecond, in the form it has: %o", async (headers, body, ms) => {
    const { url } = await serve((response) => void response.writeHead(429, headers).end(body));
    const { send, events } = gateWith();
    await send(url, ask());
    expect(events.at(-1)).toMatchObject({ type: "failed", failure: "rate", retryAfterMs: ms });
  });

  it("does not retry what a retry cannot mend", async () => {
    const { url, seen } = await serve((response) => void response.writeHead(401).end("no key"));
    expect((await gateWith().send(url, ask())).status).toBe(424);
    expect(seen).toHaveLength(1);
  });

  it("a person's abort ends a wait, and a running answer, at once", async () => {
    const waiting = await serve((response) => void response.writeHead(503).end("busy"));
    const slow = gateWith({
      limits: {
        firstByteMs: 300,
        stallMs: 60_000,
        budget: { retries: 3, waitMs: 60_000, firstMs: 30_000, longestMs: 30_000 },
      },
    });
    const leave = new AbortController();
    const asked = slow.send(waiting.url, ask(leave.signal));
    await expect.poll(() => slow.events.length).toBe(1);
    leave.abort(new Error("the person left"));
    await expect(asked).rejects.toThrow();

    const running = await serve((response) => void stream(response).write(chunk({ content: "hel" })));
    const gone = new AbortController();
    const reader = (await gateWith({ silenceMs: 60_000 }).send(running.url, ask(gone.signal))).body?.getReader();
    await reader?.read();
    gone.abort(new Error("the person left"));
    await expect(reader?.read()).rejects.toThrow("the person left");
    await expect.poll(() => running.seen[0]?.closedEarly).toBe(true);
  });

  it.each([
    ["silence", (response: ServerResponse) => void stream(response).write(chunk({ content: "half" })), "silent"],
    [
      "a reset",
      (response: ServerResponse) => {
        stream(response).write(chunk({ content: "half" }));
        setTimeout(() => response.destroy(), 20);
      },
      "broke off",
    ],
    [
      "an end without a finish",
      (response: ServerResponse) => void stream(response).end(chunk({ content: "half" })),
      "before the answer was complete",
    ],
  ])(
    "%s in the middle ends the answer with an error the person can read, and repeats nothing",
    async (_, broken, words) => {
      const { url, seen } = await serve(broken);
      const { send, events } = gateWith({ silenceMs: 2_000 });
      const text = await (await send(url, ask())).text();
      expect(text.startsWith(chunk({ content: "half" }))).toBe(true);
      expect(text).toContain(words);
      expect(text.split("half")).toHaveLength(2);
      expect(hostWouldRetry(text)).toBe(false);
      expect(seen).toHaveLength(1);
      expect(events.at(-1)).toMatchObject({ type: "failed" });
    },
  );

  it.each<[string, string, string[]]>([
    ["stalled", "vllm:num_requests_waiting 0", ["silent stalled", "silent stalled", "failed stalled"]],
    ["queued", "vllm:num_requests_waiting 4", ["silent queued", "begun"]],
  ])("a server without a first byte is looked at: %s", async (verdict, metrics, told) => {
    const held: ServerResponse[] = [];
    const { url, seen } = await serve((response, request) => {
      if (request.url === "/metrics") return void response.end(metrics);
      held.push(response);
    });
    const limits = {
      firstByteMs: 60_000,
      stallMs: 40,
      budget: { retries: 3, waitMs: 3_000, firstMs: 5, longestMs: 20 },
    };
    const { send, events } = gateWith({ limits });
    const asked = send(url, ask());
    if (verdict === "queued") {
      await expect.poll(() => events.length).toBeGreaterThan(1);
      for (const response of held) good(response);
    }
    const response = await asked;
    await response.text();
    const words = events.flatMap((event) => {
      if (event.type === "silent") return [`silent ${event.verdict}`];
      if (event.type === "failed") return [`failed ${event.failure}`];
      return event.type === "begun" ? ["begun"] : [];
    });
    expect(words.filter((word, index) => verdict !== "queued" || word !== words[index - 1])).toEqual(told);
    expect(response.status).toBe(verdict === "stalled" ? 424 : 200);
    expect(held).toHaveLength(1);
    if (verdict === "stalled") await expect.poll(() => seen[0]?.closedEarly).toBe(true);
  });

  it("a server that does not even answer a look is not called stalled", async () => {
    const { url } = await serve(() => undefined);
    const limits = { firstByteMs: 6_000, stallMs: 40, budget: { retries: 0, waitMs: 0, firstMs: 5, longestMs: 20 } };
    const { send, events } = gateWith({ limits });
    expect((await send(url, ask())).status).toBe(424);
    expect(events.at(-1)).toMatchObject({ type: "failed", failure: "timeout" });
    expect(events.some((event) => event.type === "silent" && event.verdict !== "unreachable")).toBe(false);
  }, 20_000);

  it("stops a runaway at the server and closes the answer cleanly", async () => {
    const { url, seen } = await serve((response) => {
      stream(response);
      const timer = setInterval(() => response.write(chunk({ content: "</tool_call>\n".repeat(50) })), 2);
      response.on("close", () => clearInterval(timer));
    });
    const { send, events } = gateWith();
    const text = await (await send(url, ask())).text();
    expect(text).toContain("data: [DONE]");
    expect(events.map((event) => event.type)).toContain("runaway");
    await expect.poll(() => seen[0]?.closedEarly).toBe(true);
  });

  it("lets no allowed server send a prompt on to another host; to an allowed one it follows, without the key", async () => {
    const elsewhere = await serve(good);
    // This machine by another name: no loopback address to the rule.
    const foreign = elsewhere.url.replace("127.0.0.1", "0.0.0.0");
    const to = (location: string) => (response: ServerResponse) => void response.writeHead(307, { location }).end();
    for (const [settings, role] of [
      [{}, "worker"],
      [{ egressAll: true }, "none"],
    ] as const) {
      const { url, seen } = await serve(to(foreign));
      const { send, events } = gateWith(settings, role);
      const response = await send(url, ask());
      expect(await response.text()).toContain("security.allowHosts");
      expect(events).toContainEqual(expect.objectContaining({ type: "refused", rule: "security.allowHosts" }));
      expect([seen.length, elsewhere.seen.length]).toEqual([1, 0]);
    }
    const keys: unknown[] = [];
    const allowed = await serve((response, request) => {
      keys.push(request.headers.authorization);
      good(response);
    });
    const { url } = await serve(to(allowed.url));
    const asked = ask();
    const response = await gateWith().send(url, { ...asked, headers: { ...asked.headers, authorization: "Bearer k" } });
    expect(await response.text()).toBe(GOOD);
    expect(allowed.seen.map((each) => each.body)).toEqual([asked.body]);
    expect(keys).toEqual([undefined]);
    // A session that nobody holds goes where it always went.
    const { url: free } = await serve(to(foreign));
    expect(await (await gateWith({}, "none").send(free, ask())).text()).toBe(GOOD);
  });

  it("refuses a host that is not allowed without a connection, for the swarm alone or for all", async () => {
    const refused = await gateWith().send("http://example.invalid/v1/chat/completions", ask());
    expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining("security.allowHosts")]);
    const all = await gateWith({ egressAll: true }, "none").send("http://example.invalid/v1", ask());
    expect(all.status).toBe(403);
    const { url } = await serve(good);
    const named = url.replace("127.0.0.1", "localhost");
    expect((await gateWith().send(named, ask())).status).toBe(200);
  });
});
