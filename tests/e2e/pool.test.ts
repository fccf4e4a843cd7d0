import { existsSync } from "node:fs";
import { mkdir, readFile, symlink } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { OpenCodeServerPool } from "../../src/library/openCodeServerPool.ts";
import { hang, say } from "../../vllm/simulator/brain.ts";
import { collectGarbage } from "../garbage.ts";
import { type ProgramWorld, parentThatStays, programWorld } from "./programWorld.ts";
import { packageDir } from "./world.ts";

/** Real `opencode serve` processes behind the pool, on a scripted model. */
let world: ProgramWorld;
let taken: Server;
let basePort: number;

beforeAll(async () => {
  let hung = 0;
  world = await programWorld(({ userText }) => {
    if (userText.includes("slowly")) return hang(5_000, say("Scripted: late."));
    if (userText.includes("hangs") && hung++ === 0) return hang(20_000, say("Scripted: too late."));
    return say("Scripted: at once.");
  });
  taken = createServer();
  await new Promise<void>((listening) => taken.listen(0, "127.0.0.1", listening));
  const address = taken.address();
  basePort = typeof address === "object" && address ? address.port : 0;
});
afterAll(async () => {
  taken.close();
  await world.close();
});

/** Processes that listen on a port, of whatever kind. */
async function listeners(port: number): Promise<number[]> {
  const { stdout } = await execa("ss", ["-ltnpH", `sport = :${port}`]);
  return [...stdout.matchAll(/pid=(\d+)/gu)].map(([, pid]) => Number(pid));
}

test("a taken port is passed over, prompts are answered, a killed server's prompt is done again, nothing is left", async () => {
  const log: string[] = [];
  const pool = new OpenCodeServerPool({
    ...{ minServers: 1, maxServers: 1, basePort, projectDir: world.dir, env: world.env },
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
      expect(answer.session).toMatch(/^ses_/);
    }
    const asked = world.model.requests().length;
    const late = pool.execute("slowly", { agent: "build" });
    await expect.poll(() => world.model.requests().length, { timeout: 30_000 }).toBeGreaterThan(asked);
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
  const calls = (await readFile(path.join(world.home, ".local/state/oh-my-qwencoder/calls.jsonl"), "utf8"))
    .trim()
    .split("\n");
  expect(calls.map((line) => JSON.parse(line))).toMatchObject(Array(4).fill({ via: "serve", exitCode: 0 }));
});

test("a server that hangs is replaced, and its prompt done by its successor", async () => {
  const log: string[] = [];
  const pool = new OpenCodeServerPool({
    ...{ minServers: 1, maxServers: 1, basePort, projectDir: world.dir, env: world.env, healthEvery: 500 },
    log: (line) => void log.push(line),
  });
  try {
    await pool.initialize();
    const before = world.model.requests().length;
    const hung = pool.execute("hangs", { agent: "build" });
    await expect.poll(() => world.model.requests().length, { timeout: 30_000 }).toBeGreaterThan(before);
    // What was collected between a look's begin and its end took its time limit with it once.
    const collecting = setInterval(collectGarbage, 1_000);
    for (const pid of await listeners(pool.getAvailableServer()?.port ?? 0)) process.kill(pid, "SIGSTOP");
    expect(await hung.finally(() => clearInterval(collecting))).toMatchObject({
      exitCode: 0,
      stdout: "Scripted: at once.",
    });
    expect(log.join("\n")).toContain("does not answer and is replaced");
  } finally {
    await pool.shutdown();
  }
});

test.each([
  {
    program: "tests/fixtures/examples/serverPool.mjs",
    says: ["Completed 10 tasks", "Total requests: 10", expect.stringMatching(/^Avg response time: [1-9]\d*ms$/)],
  },
  { program: "examples/library/pool.mjs", says: ["10 of 10 answered", "requests: 10"] },
])("ten prompts for two servers, as the documents have it: $program", async ({ program, says }) => {
  await mkdir(path.join(world.dir, "node_modules"), { recursive: true });
  const link = path.join(world.dir, "node_modules/oh-my-qwencoder");
  if (!existsSync(link)) await symlink(packageDir, link);
  const name = path.basename(program);
  await symlink(path.join(packageDir, program), path.join(world.dir, name));
  const { stdout } = await execa(process.execPath, ["--preserve-symlinks-main", name], {
    cwd: world.dir,
    env: world.env,
    extendEnv: false,
  });
  expect(stdout.split("\n")).toEqual(says);
});

test("kill -9 of the process that has the pool leaves no server", async () => {
  const parent = await parentThatStays(
    world,
    "OpenCodeServerPool",
    `const pool = new OpenCodeServerPool({ basePort: ${basePort}, projectDir: process.cwd() });`,
    "await pool.initialize();",
    "console.log(pool.getAvailableServer().port);",
  );
  const port = Number(parent.said);
  expect(await listeners(port)).toHaveLength(1);
  await parent.kill();
  await expect.poll(() => listeners(port), { timeout: 20_000 }).toEqual([]);
});
