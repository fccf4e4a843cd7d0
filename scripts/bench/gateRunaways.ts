import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { configSchema } from "../../src/config/schema.ts";
import { ModelGate } from "../../src/runtime/modelGate/modelGate.ts";

/** Pieces that an endless answer is made of, as text or as a call's arguments. */
const PIECES: readonly { content?: string; args?: string }[] = [
  { content: "</tool_call>\n" },
  { content: "ha " },
  { content: "I will now look at the file again and then I will write it.\n" },
  { args: "const a = 1; // and once more the same\\n" },
];

/**
 * Endless answers of a real HTTP server on this machine, through the gate: how long after each was recognised the server saw
 * its request end, and the gate's reader the end of the answer.
 *
 * @returns ms, in the order they were measured
 */
export async function runawayEnds(rounds: number): Promise<{ server: number[]; reader: number[] }> {
  let closedAt = Number.NaN;
  let piece: (typeof PIECES)[number] = {};
  const server = createServer((_request, response) => {
    response.on("close", () => {
      closedAt = performance.now();
    });
    response.writeHead(200, { "content-type": "text/event-stream" });
    pour(response, eventOf(piece));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const times = { server: [] as number[], reader: [] as number[] };
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/chat/completions`;
    for (let round = 0; round < rounds; round += 1) {
      for (piece of PIECES) {
        closedAt = Number.NaN;
        let seenAt = Number.NaN;
        const send = gateWith(() => {
          seenAt = performance.now();
        });
        const body = JSON.stringify({ model: "m", stream: true, messages: [], tools: [WRITE] });
        await (await send(url, { method: "POST", body })).text();
        times.reader.push(performance.now() - seenAt);
        while (Number.isNaN(closedAt)) await sleep(1);
        times.server.push(closedAt - seenAt);
      }
    }
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  if ([...times.server, ...times.reader].some(Number.isNaN)) throw new Error("an endless answer was not recognised");
  return times;
}

const WRITE = {
  type: "function",
  function: { name: "write", parameters: { type: "object", properties: { content: { type: "string" } } } },
};

function gateWith(recognised: () => void) {
  const { gate } = configSchema.parse({});
  const gates = new ModelGate(
    {
      repair: gate.repair,
      everySession: false,
      allowHosts: [],
      egressAll: false,
      limits: {
        firstByteMs: 10_000,
        stallMs: 60_000,
        budget: { retries: 0, waitMs: 0, firstMs: 1, longestMs: 1 },
      },
      silenceMs: 10_000,
    },
    { now: () => Date.now(), random: () => 0, sleep: (ms, signal) => sleep(ms, undefined, { signal }) },
    async () => "worker",
    (event) => {
      if (event.type === "runaway") recognised();
    },
  );
  return gates.fetchFor("bench", fetch);
}

function eventOf({ content, args }: (typeof PIECES)[number]): string {
  const call = { index: 0, id: "call_1", type: "function", function: { name: "write", arguments: args } };
  const delta = content === undefined ? { tool_calls: [call] } : { content };
  return `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason: null }] })}\n\n`;
}

/** Writes without end, as fast as the reader takes it. */
function pour(response: ServerResponse, event: string): void {
  const more = () => {
    while (!response.destroyed) {
      if (!response.write(event)) {
        response.once("drain", more);
        return;
      }
    }
  };
  more();
}
