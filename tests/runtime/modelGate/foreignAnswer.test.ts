import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { gateWith } from "./gateWith.ts";

/** An answer of Anthropic's API, whose text looks like a call that the repair of another API would mend. */
const EVENTS = [
  'event: message_start\ndata: {"type":"message_start","message":{"id":"m","role":"assistant","content":[]}}\n\n',
  'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"<tool_call>"}}\n\n',
  'event: message_stop\ndata: {"type":"message_stop"}\n\n',
];

async function gateBefore(answer: (response: ServerResponse, body: string) => void, path: string, silenceMs = 60_000) {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => {
      body += piece;
    });
    request.on("end", () => answer(response, body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const limits = { firstByteMs: 60_000, stallMs: 60_000, budget: { retries: 0, waitMs: 0, firstMs: 1, longestMs: 1 } };
  const { gate, events } = gateWith({ limits, silenceMs });
  const send = gate.fetchFor("anthropic", fetch);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  const body = '{"messages":[{"role":"assistant","tool_calls":[{"function":{"name":"x","arguments":"{broken"}}]}]}';
  const init = { method: "POST", headers: { "x-session-affinity": "ses_1" }, body };
  return { response: () => send(url, init), events, body };
}

const stream = (response: ServerResponse) => response.writeHead(200, { "content-type": "text/event-stream" });

it.each(["/v1/messages", "/v1beta/models/gemini-3-flash:streamGenerateContent", "/v1/responses"])(
  "passes answers of %s, and the request, byte for byte",
  async (path) => {
    let asked = "";
    const { response, events, body } = await gateBefore((to, got) => {
      asked = got;
      stream(to);
      for (const event of EVENTS) to.write(event);
      to.end();
    }, path);
    expect(await (await response()).text()).toBe(EVENTS.join(""));
    expect(asked).toBe(body);
    expect(events.map(({ type }) => type)).toEqual(["answered", "repaired"]);
  },
);

it("types a failure of such an API all the same", async () => {
  const { response, events } = await gateBefore((to) => void to.writeHead(529).end("Overloaded"), "/v1/messages");
  expect((await response()).status).toBe(424);
  expect(events).toMatchObject([{ type: "failed", provider: "anthropic", failure: "overload", midStream: false }]);
});

it.each<[string, (to: ServerResponse) => void, string]>([
  ["breaks off", (to) => void setImmediate(() => to.destroy()), "reset"],
  ["falls silent", () => undefined, "timeout"],
])("an answer that %s in the middle is an error, and typed", async (_, then, failure) => {
  const { response, events } = await gateBefore(
    (to) => {
      stream(to).write(EVENTS[0] ?? "", () => then(to));
    },
    "/v1/messages",
    1_000,
  );
  await expect((await response()).text()).rejects.toThrow();
  await expect.poll(() => events.at(-1)).toMatchObject({ type: "failed", failure, midStream: true });
});
