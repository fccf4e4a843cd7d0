import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import OpenAI from "openai";
import { describe, expect, it, onTestFinished } from "vitest";
import { type ScriptedServer, startScriptedServer } from "../../vllm/simulator/scriptedServer.ts";
import { freePort } from "../vllm/server/scriptedVllm.fixture.ts";

const venv = process.env.OMQ_REAL_VLLM;
if (venv === undefined) throw new Error("run these tests with `npm run test:vllm`");

const SESSIONS = Array.from(
  { length: 40 },
  (_, index) => `ses_${index.toString(36).padStart(4, "0")}Xq${index * 7919}`,
);

/** The real router over these servers, answering. */
async function startRouter(origins: readonly string[]): Promise<OpenAI> {
  const [port, metrics] = [await freePort(), await freePort()];
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "omq-router-")));
  const words = ["--policy", "consistent_hash", "--host", "127.0.0.1", "--port", String(port)];
  const router = execa(
    join(venv ?? "", "bin/vllm-router"),
    [...words, "--prometheus-port", String(metrics), "--worker-urls", ...origins],
    { cwd: dir, reject: false, all: true },
  );
  onTestFinished(async () => {
    router.kill();
    await router;
    rmSync(dir, { recursive: true, force: true });
  });
  const health = () => fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined);
  while (!(await health())?.ok) {
    if (router.exitCode !== null) throw new Error(String((await router).all));
    await new Promise((done) => setTimeout(done, 200));
  }
  return new OpenAI({ baseURL: `http://127.0.0.1:${port}/v1`, apiKey: "none", maxRetries: 0 });
}

describe("vllm-router before scripted servers", () => {
  it("keeps a session on its server by x-session-id; with one server less only its sessions move", async () => {
    const servers: ScriptedServer[] = [];
    for (let index = 0; index < 3; index += 1) {
      const server = await startScriptedServer({ modelId: "scripted", brain: () => ({ text: "ok" }) });
      onTestFinished(() => server.close());
      servers.push(server);
    }
    const asked = (server: ScriptedServer): number => server.requests().length;
    const turn = async (client: OpenAI): Promise<number[]> => {
      const met: number[] = [];
      for (const session of SESSIONS) {
        const before = servers.map(asked);
        await client.chat.completions.create(
          { model: "scripted", messages: [{ role: "user", content: "go on" }] },
          { headers: { "x-session-affinity": session, "x-session-id": session } },
        );
        met.push(servers.findIndex((server, index) => asked(server) > (before[index] ?? 0)));
      }
      return met;
    };
    const origins = servers.map((server) => new URL(server.baseUrl).origin);
    const three = await startRouter(origins);
    const first = await turn(three);
    expect(new Set(first)).toEqual(new Set([0, 1, 2]));
    expect(await turn(three)).toEqual(first);
    const without = await turn(await startRouter(origins.slice(0, 2)));
    for (const [index, server] of first.entries())
      if (server === 2) expect([0, 1]).toContain(without[index]);
      else expect([SESSIONS[index], without[index]]).toEqual([SESSIONS[index], server]);
  });
});
