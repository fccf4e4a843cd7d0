import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ServerLoad } from "../../../src/core/schedule/budget.ts";
import { DEFAULT_ADMISSION } from "../../../src/core/schedule/model.ts";
import { GpuTurns } from "../../../src/runtime/admission/gpuTurns.ts";
import { inTurn } from "../../../src/runtime/admission/inTurn.ts";
import { ServerQueues } from "../../../src/runtime/admission/serverQueues.ts";

/** A real server that begins an answer at once and ends it when told. */
async function slowServer() {
  const open: ServerResponse[] = [];
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/plain" });
    response.write("begun ");
    open.push(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    open,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe("requests of a swarm of one place", () => {
  let server: Awaited<ReturnType<typeof slowServer>>;
  let queues: ServerQueues;
  const heard: { tell?: (load: ServerLoad) => void; watching: number } = { watching: 0 };
  const timers: (() => void)[] = [];

  beforeEach(async () => {
    server = await slowServer();
    heard.watching = 0;
    timers.length = 0;
    const world = {
      now: () => 0,
      after(_: number, call: () => void) {
        timers.push(call);
        return () => void timers.splice(timers.indexOf(call), 1);
      },
    };
    const watch = (_: string, tell: (load: ServerLoad) => void) => {
      heard.tell = tell;
      heard.watching += 1;
      return {
        stop() {
          heard.watching -= 1;
        },
      };
    };
    queues = new ServerQueues({ ...DEFAULT_ADMISSION, staticLimit: 1, maxRequests: 1 }, world, watch, () => undefined);
  });

  afterEach(async () => {
    queues.close();
    await server.close();
  });

  const ask = async (session: string, signal = new AbortController().signal) => {
    const turns = new GpuTurns(
      queues,
      () => "swarm",
      (url) => url.startsWith("http://127."),
    );
    const role = session === "outside" ? "none" : "worker";
    const ticket = await turns.enter({ session, role, url: server.url, bytes: 168 }, signal);
    return inTurn(ticket, () => fetch(server.url, { method: "POST", body: "{}", signal }));
  };
  const arrived = (count: number) => vi.waitFor(() => expect(server.open).toHaveLength(count), { timeout: 30_000 });

  test("the second is sent when the first was read to its end; a session outside waits for nobody", async () => {
    const first = await ask("a");
    const second = ask("b");
    const outside = await ask("outside");
    await arrived(2);
    server.open[0]?.end("and ended");
    expect(await first.text()).toBe("begun and ended");
    await arrived(3);
    for (const response of server.open) response.end();
    await Promise.all([second.then((response) => response.text()), outside.text()]);
    expect(queues.status()[server.url]).toMatchObject({ running: 0, waiting: 0 });
  });

  test("an answer that is left, one that breaks, and a server that refuses give the place back", async () => {
    const left = await ask("a");
    await left.body?.cancel();
    const broken = await ask("b");
    await arrived(2);
    server.open[1]?.destroy();
    await expect(broken.text()).rejects.toThrow();
    const url = server.url;
    await server.close();
    await expect(ask("c")).rejects.toThrow();
    expect(queues.status()[url]).toMatchObject({ running: 0, waiting: 0 });
    server = await slowServer();
  });

  test("a caller that leaves while it waits never reaches the server", async () => {
    const first = await ask("a");
    const away = new AbortController();
    const second = ask("b", away.signal);
    away.abort(new Error("escape"));
    await expect(second).rejects.toThrow("escape");
    server.open[0]?.end();
    await first.text();
    expect(server.open).toHaveLength(1);
  });

  test("the server's load is read while somebody uses it, and left alone after a rest", async () => {
    const first = await ask("a");
    expect(heard.watching).toBe(1);
    heard.tell?.({ at: 0, running: 1, waiting: 0 });
    expect(queues.status()[server.url]?.mode).toBe("metrics");
    server.open[0]?.end();
    await first.text();
    for (const call of [...timers]) call();
    expect(heard.watching).toBe(0);
    const again = await ask("a");
    expect(heard.watching).toBe(1);
    server.open[1]?.end();
    await again.text();
  });
});
