import { createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { ServedSessions } from "../../../src/adapters/opencode/servedSessions.ts";
import { collectGarbage } from "../../garbage.ts";

/** A server that takes connections and says nothing, as a stopped process does. */
async function silentServer() {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => undefined));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = () => resolve();
  });
  onTestFinished(() => {
    end();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  return new ServedSessions({ url, password: "p", projectDir: "/tmp", healthTimeoutMs: 300, ended });
}

/** Garbage collections while something is waited for: between them a limit was lost once. */
async function collecting<T>(work: Promise<T>): Promise<T> {
  await sleep(20);
  collectGarbage();
  return await work;
}

test("a server that says nothing is seen to be ill, whatever is collected meanwhile", async () => {
  const sessions = await silentServer();
  expect(await collecting(sessions.healthy())).toBe(false);
});

test("a request to it ends as soon as whoever asked gives up", async () => {
  const sessions = await silentServer();
  const given = new AbortController();
  const asked = sessions.ask({ prompt: "x" }, given.signal);
  const ended = expect(asked).rejects.toThrow("given up");
  await collecting(Promise.resolve());
  given.abort(new Error("given up"));
  await ended;
});
