import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { hostLimits, withHostLimits } from "../../../src/runtime/modelGate/hostLimits.ts";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serve(answer: (response: ServerResponse) => void): Promise<string> {
  const server = createServer((_, response) => answer(response));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("the host's limits for sessions that the gate does not look after", () => {
  it("are read as the host reads them: 300 s for headers and between pieces, none for the whole, false for none", () => {
    expect(hostLimits({})).toEqual({ headerMs: 300_000, chunkMs: 300_000 });
    expect(hostLimits({ headerTimeout: false, chunkTimeout: 5, timeout: 7 })).toEqual({ chunkMs: 5, totalMs: 7 });
  });

  it("end a wait for headers", async () => {
    const url = await serve(() => undefined);
    await expect(withHostLimits(fetch, { headerMs: 20 })(url)).rejects.toThrow("no headers within 20 ms");
  });

  it("end a stream that falls silent, and leave one that does not as it is", async () => {
    const stream = { "content-type": "text/event-stream" };
    const silent = await serve((response) => void response.writeHead(200, stream).write("data: 1\n\n"));
    await expect((await withHostLimits(fetch, { chunkMs: 50 })(silent)).text()).rejects.toThrow("nothing within 50 ms");
    const whole = await serve((response) => void response.writeHead(200, stream).end("data: 1\n\n"));
    expect(await (await withHostLimits(fetch, { chunkMs: 5_000, headerMs: 5_000 })(whole)).text()).toBe("data: 1\n\n");
  });
});
