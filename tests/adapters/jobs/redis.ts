import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";

/** Whether a redis-server can be started here; scripts/setup-dev.sh gets it. */
export const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;
if (!hasRedis) console.error("redis-server is missing (scripts/setup-dev.sh): tests of the bullmq engine are skipped.");

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  await new Promise((closed) => server.close(closed));
  return port;
}

/** A redis-server of its own on a free port, that keeps nothing. */
export async function startRedis(): Promise<{
  url: string;
  flush(): Promise<void>;
  forget(key: string): Promise<void>;
  stop(): Promise<void>;
}> {
  const dir = mkdtempSync(join(tmpdir(), "omq-redis-"));
  for (let attempt = 0; ; attempt += 1) {
    const port = await freePort();
    const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", dir];
    const server: ChildProcess = spawn("redis-server", args, { stdio: "ignore" });
    const url = `redis://127.0.0.1:${port}`;
    const redis = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 20 });
    redis.on("error", () => undefined);
    const up = await Promise.race([
      redis.ping().then(() => true),
      new Promise<boolean>((resolve) => server.once("exit", () => resolve(false))),
    ]);
    if (!up) {
      redis.disconnect();
      // Another process took the port between looking and starting.
      if (attempt < 5) continue;
      throw new Error(`redis-server ended on port ${port}`);
    }
    return {
      url,
      flush: async () => void (await redis.flushall()),
      forget: async (key) => void (await redis.del(key)),
      stop: async () => {
        redis.disconnect();
        const exit = new Promise((resolve) => server.once("exit", resolve));
        server.kill("SIGKILL");
        await exit;
        rmSync(dir, { recursive: true, force: true });
      },
    };
  }
}
