import OpenAI from "openai";
import { describe, expect, it, onTestFinished } from "vitest";
import type { ScriptedServer } from "../../../vllm/simulator/scriptedServer.ts";
import { startScriptedServer } from "../../../vllm/simulator/scriptedServer.ts";
import { startSessionRouter } from "./sessionRouter.ts";

const SESSIONS = Array.from({ length: 40 }, (_, index) => `ses_${index}`);

async function startServer(): Promise<ScriptedServer> {
  const server = await startScriptedServer({ modelId: "scripted", brain: () => ({ text: "ok" }) });
  onTestFinished(() => server.close());
  return server;
}

describe("several servers behind a session hash", () => {
  it("keep a session where it is; a server that goes moves its own sessions only, and gets them back", async () => {
    const servers = [await startServer(), await startServer(), await startServer()];
    const origins = servers.map((server) => new URL(server.baseUrl).origin);
    const router = await startSessionRouter(origins, "x-session-affinity");
    onTestFinished(() => router.close());
    const client = new OpenAI({ baseURL: router.baseUrl, apiKey: "none", maxRetries: 0 });
    const seenBy = (server: ScriptedServer, session: string): number =>
      server.requests().filter((request) => request.headers["x-session-affinity"] === session).length;

    /** One turn of every session; which server it met. */
    const turn = async (): Promise<Record<string, number>> => {
      const met: Record<string, number> = {};
      for (const session of SESSIONS) {
        const before = servers.map((server) => seenBy(server, session));
        await client.chat.completions.create(
          { model: "scripted", messages: [{ role: "user", content: "go on" }] },
          // As OpenCode names a session.
          { headers: { "x-session-affinity": session, "x-session-id": session } },
        );
        met[session] = servers.findIndex((server, index) => seenBy(server, session) > (before[index] ?? 0));
      }
      return met;
    };

    const first = await turn();
    expect(new Set(Object.values(first))).toEqual(new Set([0, 1, 2]));
    expect(await turn()).toEqual(first);

    router.setServers(origins.slice(0, 2));
    const without = await turn();
    for (const session of SESSIONS)
      if (first[session] === 2) expect([0, 1]).toContain(without[session]);
      else expect([session, without[session]]).toEqual([session, first[session]]);

    router.setServers(origins);
    expect(await turn()).toEqual(first);
  });
});
