import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findOpencode, isolatedEnvironment } from "../../src/cli/demo/environment.ts";
import { OpenCodeServerPool } from "../../src/library/openCodeServerPool.ts";
import { hang, say } from "../../vllm/simulator/brain.ts";
import { type ScriptedServer, startScriptedServer } from "../../vllm/simulator/scriptedServer.ts";
import { MODEL, packageDir } from "./world.ts";

/** Real `opencode serve` processes behind the pool, on a scripted model. */
let model: ScriptedServer;
let home: string;
let dir: string;
let env: Record<string, string>;
let taken: Server;
let basePort: number;

beforeAll(async () => {
  model = await startScriptedServer({
    modelId: MODEL,
    brain: (turn) =>
      turn.userText.includes("slowly") ? hang(5_000, say("Scripted: late.")) : say("Scripted: at once."),
  });
  home = await mkdtemp(path.join(tmpdir(), "aegis-pool-home-"));
  dir = await mkdtemp(path.join(tmpdir(), "aegis-pool-project-"));
  const program = await findOpencode({ PATH: "" }, packageDir);
  env = {
    ...isolatedEnvironment(process.env, home, "unused"),
    PATH: `${path.dirname(program)}:${process.env.PATH ?? ""}`,
  };
  await execa("git", ["init", "-q"], { cwd: dir });
  const args = ["install", "--global", "--yes", "--base-url", model.baseUrl, "--model", MODEL];
  const bin = path.join(packageDir, "bin/oh-my-qwencoder.js");
  await execa(process.execPath, [bin, ...args], { cwd: dir, env, extendEnv: false });
  taken = createServer();
  await new Promise<void>((listening) => taken.listen(0, "127.0.0.1", listening));
  const address = taken.address();
  basePort = typeof address === "object" && address ? address.port : 0;
});
afterAll(async () => {
  taken.close();
  await model.close();
  for (const each of [home, dir]) await rm(each, { recursive: true, force: true, maxRetries: 5 });
});

/** Processes that listen on a port, of whatever kind. */
async function listeners(port: number): Promise<number[]> {
  const { stdout } = await execa("ss", ["-ltnpH", `sport = :${port}`]);
  return [...stdout.matchAll(/pid=(\d+)/gu)].map(([, pid]) => Number(pid));
}

test("a taken port is passed over, prompts are answered, a killed server's prompt is done again, nothing is left", async () => {
  const log: string[] = [];
  const pool = new OpenCodeServerPool({
    ...{ minServers: 1, maxServers: 1, basePort, projectDir: dir, env },
    log: (line) => void log.push(line),
  });
  try {
    expect(await pool.initialize()).toEqual({ activeServers: 1, idleServers: 1, busyServers: 0 });
    const { port = 0 } = pool.getAvailableServer() ?? {};
    expect(port).toBeGreaterThan(basePort);
    const answers = await Promise.all(
      ["one", "two", "three"].map((prompt) => pool.execute(prompt, { agent: "build" })),
    );
    for (const answer of answers) {
      expect(answer, JSON.stringify(answer)).toMatchObject({ exitCode: 0, stdout: "Scripted: at once.", stderr: "" });
      expect(answer.tokens.input).toBeGreaterThan(100);
    }
    const asked = model.requests().length;
    const late = pool.execute("slowly", { agent: "build" });
    await expect.poll(() => model.requests().length, { timeout: 30_000 }).toBeGreaterThan(asked);
    for (const pid of await listeners(port)) process.kill(pid, "SIGKILL");
    expect(await late).toMatchObject({ exitCode: 0, stdout: "Scripted: late." });
    expect(log.join("\n")).toContain("ended");
    expect(pool.getStatus()).toMatchObject({ activeServers: 1, totalRequests: 4 });
    const { port: again = 0 } = pool.getAvailableServer() ?? {};
    await pool.shutdown();
    expect([await listeners(port), await listeners(again)]).toEqual([[], []]);
  } finally {
    await pool.shutdown();
  }
  const calls = (await readFile(path.join(home, ".local/state/oh-my-qwencoder/calls.jsonl"), "utf8"))
    .trim()
    .split("\n");
  expect(calls.map((line) => JSON.parse(line))).toMatchObject(Array(4).fill({ via: "serve", exitCode: 0 }));
});

test("kill -9 of the process that has the pool leaves no server", async () => {
  const program = [
    `import { OpenCodeServerPool } from ${JSON.stringify(path.join(packageDir, "dist/index.js"))};`,
    `const pool = new OpenCodeServerPool({ basePort: ${basePort}, projectDir: ${JSON.stringify(dir)} });`,
    "await pool.initialize();",
    "console.log(pool.getAvailableServer().port);",
    "setInterval(() => undefined, 1000);",
  ].join("\n");
  const parent = execa(process.execPath, ["--input-type=module", "-e", program], {
    cwd: dir,
    env,
    extendEnv: false,
    reject: false,
  });
  const said = await new Promise<string>((resolve) => parent.stdout.on("data", (text) => resolve(String(text))));
  const port = Number(said);
  expect(await listeners(port)).toHaveLength(1);
  parent.kill("SIGKILL");
  await parent;
  await expect.poll(() => listeners(port), { timeout: 20_000 }).toEqual([]);
});
