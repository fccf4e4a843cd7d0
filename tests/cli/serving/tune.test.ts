import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { say } from "../../../vllm/simulator/brain.ts";
import { startScriptedServer } from "../../../vllm/simulator/scriptedServer.ts";
import { buildScriptedPackage, type ScriptedPackage } from "../../vllm/server/scriptedVllm.fixture.ts";
import { cli, makeWorld, type World } from "../io.ts";

const quick = [
  "--workers",
  "2",
  "--turns",
  "2",
  "--seqs",
  "8,16",
  "--batched-tokens",
  "2048,4096,8192",
  "--ctx",
  "131072",
  "--kv-dtypes",
  "fp8",
];
const row = z.looseObject({
  max_num_seqs: z.number(),
  repeats: z.number(),
  keeps_goals: z.boolean().nullable(),
  pareto: z.boolean(),
});
const result = z.looseObject({
  kind: z.string(),
  grid_points: z.number(),
  live_points: z.number(),
  best: row,
  present: row,
  points: z.array(row),
  written: z.string().nullable(),
});

describe("by simulation", () => {
  it("prints one object, and says that nothing was measured", { timeout: 120_000 }, async () => {
    const world = makeWorld();
    const about = { env: world.env, cwd: world.project };
    const { code, out } = await cli(["tune", "--simulate", ...quick, "--json"], about);
    expect(code).toBe(0);
    const read = result.parse(JSON.parse(out));
    expect(read).toMatchObject({ kind: "simulation", grid_points: 6, live_points: 0, written: null });
    expect(read.points).toHaveLength(6);
    expect((await cli(["tune", ...quick], about)).out).toMatch(/SIMULATION: .*nothing was measured on a GPU/);
    expect(existsSync(join(world.project, "vllm"))).toBe(false);
  });

  it("finds a setting within a goal that the present one misses, and writes what start-vllm then uses", {
    timeout: 120_000,
  }, async () => {
    const world = makeWorld();
    const about = { env: world.env, cwd: world.project };
    const svg = join(world.dir, "plot.svg");
    const argv = [
      "tune",
      "--turns",
      "4",
      "--ttft-p95",
      "600",
      "--ctx",
      "131072",
      "--seqs",
      "16,24",
      "--write",
      "--svg",
      svg,
      "--json",
    ];
    const read = result.parse(JSON.parse((await cli(argv, about)).out));
    expect(read.present.keeps_goals).toBe(false);
    expect(read.best.keeps_goals).toBe(true);
    expect(readFileSync(svg, "utf8")).toContain("</svg>");
    const file = readFileSync(join(world.project, "vllm", "aegis.env"), "utf8");
    expect(file).toContain("predicted by simulation, not measured");
    const dry = await cli(["start-vllm", "--dry-run", "--json"], about);
    const { argv: words } = z.object({ argv: z.array(z.string()) }).parse(JSON.parse(dry.out));
    expect(words[words.indexOf("--max-num-batched-tokens") + 1]).toBe(
      String(z.looseObject({ max_num_batched_tokens: z.number() }).parse(read.best).max_num_batched_tokens),
    );
  });

  it("says what is wrong with what it was told", async () => {
    const world = makeWorld();
    const about = { env: world.env, cwd: world.project };
    expect((await cli(["tune", "--simulate", "--live"], about)).code).toBe(2);
    expect((await cli(["tune", "--start"], about)).code).toBe(2);
    expect((await cli(["tune", "--seqs", "8,x"], about)).code).toBe(2);
    expect((await cli(["tune", "--recipe", "tiny"], about)).code).toBe(2);
    const none = await cli(["tune", "--turns", "60", "--ctx", "65536"], about);
    expect(none).toMatchObject({ code: 1, err: expect.stringContaining("longer request than the context") });
    const missing = await cli(["tune", "--requests", "nowhere.jsonl"], about);
    expect(missing).toMatchObject({ code: 1, err: expect.stringContaining("nowhere.jsonl") });
  });
});

/** Two sessions of three requests, a tenth of a second apart: the generated swarm's pauses are those of people and tools. */
function recording(file: string): string {
  const lines = [0, 1].flatMap((session) =>
    [0, 1, 2].map((turn) => {
      const said = Array.from({ length: turn }, (_, index) => [
        { role: "assistant", content: `Scripted answer ${index}.` },
        { role: "user", content: `Go on, ${index}.` },
      ]).flat();
      const messages = [{ role: "user", content: `Build part ${session}.` }, ...said];
      const body = { model: "qwen3-coder-next", max_tokens: 16, messages };
      return JSON.stringify({ sessionId: `s${session}`, role: "worker", startedAt: 1_000 + turn * 100, body });
    }),
  );
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}

describe("on a server somebody else started", () => {
  it("measures it as it is and leaves it running", { timeout: 240_000 }, async () => {
    const world = makeWorld();
    const server = await startScriptedServer({ brain: () => say("Scripted words."), modelId: "qwen3-coder-next" });
    onTestFinished(() => server.close());
    const about = { env: world.env, cwd: world.project };
    const recorded = recording(join(world.dir, "requests.jsonl"));
    const { code, out } = await cli(
      ["tune", "--live", "--base-url", server.baseUrl, ...quick, "--requests", recorded, "--repeats", "1", "--json"],
      about,
    );
    expect(code).toBe(0);
    expect(result.parse(JSON.parse(out))).toMatchObject({ kind: "live", live_points: 1, best: { repeats: 1 } });
    expect((await fetch(server.baseUrl.replace("/v1", "/health"))).status).toBe(200);
  });

  it("says that nobody answers", async () => {
    const world = makeWorld();
    const gone = createServer();
    await new Promise<void>((done) => gone.listen(0, "127.0.0.1", done));
    const { port } = gone.address() as AddressInfo;
    await new Promise((done) => gone.close(done));
    const { code, err } = await cli(["tune", "--live", "--base-url", `http://127.0.0.1:${port}/v1`, ...quick], {
      env: world.env,
      cwd: world.project,
    });
    expect(code).toBe(1);
    expect(err).toContain("--start");
  });
});

describe("on servers of its own", () => {
  let made: ScriptedPackage;
  beforeAll(async () => {
    made = await buildScriptedPackage();
  });
  afterAll(() => made.remove());

  const state = (world: World) => join(world.home, ".local", "state", "oh-my-qwencoder");
  const files = (dir: string, pattern: RegExp) =>
    existsSync(dir) ? readdirSync(dir).filter((name) => pattern.test(name)) : [];
  const saved = (world: World): number[][] => {
    const dir = join(state(world), "tune");
    const [name] = files(dir, /^[0-9a-f]+\.json$/);
    if (name === undefined) return [];
    const read = z.object({ measured: z.record(z.string(), z.array(z.object({ tokensPerSecond: z.number() }))) });
    const { measured } = read.parse(JSON.parse(readFileSync(join(dir, name), "utf8")));
    return Object.values(measured).map((list) => list.map(({ tokensPerSecond }) => tokensPerSecond));
  };

  it("ends them at Ctrl-C, keeps what was measured and goes on from there", { timeout: 600_000 }, async () => {
    const world = makeWorld();
    mkdirSync(world.home, { recursive: true });
    const env = { ...world.env, OMQ_SIMULATE_SCALE: "20" };
    const argv = [made.bin, "tune", "--live", "--simulated-server", "--points", "3", ...quick, "--write", "--json"];
    const first = execa(process.execPath, argv, { cwd: world.project, env, extendEnv: false, reject: false });
    await expect.poll(() => saved(world).flat().length, { timeout: 300_000 }).toBeGreaterThan(0);
    first.kill("SIGINT");
    const ended = await first;
    expect(ended.exitCode).toBe(130);
    expect(ended.stderr).toContain("Interrupted");
    expect(files(join(state(world), "vllm"), /\.json$/)).toEqual([]);
    const before = saved(world);
    expect(before.flat().length).toBeLessThan(5);

    const second = await execa(process.execPath, argv, { cwd: world.project, env, extendEnv: false });
    expect(second.stderr).toContain("Going on");
    const read = result.parse(JSON.parse(second.stdout));
    expect(read).toMatchObject({ kind: "live", server: expect.stringContaining("simulated"), live_points: 3 });
    expect(read.present.repeats).toBe(2);
    const after = saved(world);
    for (const [index, list] of before.entries()) expect(after[index]?.slice(0, list.length)).toEqual(list);
    expect(files(join(state(world), "vllm"), /\.json$/)).toEqual([]);
    expect(readFileSync(join(world.project, "vllm", "aegis.env"), "utf8")).toContain("# measured with");
  });

  it("start-vllm --simulate serves until stop-vllm", { timeout: 120_000 }, async () => {
    const world = makeWorld();
    mkdirSync(world.home, { recursive: true });
    const probe = createServer();
    await new Promise<void>((done) => probe.listen(0, "127.0.0.1", done));
    const { port } = probe.address() as AddressInfo;
    await new Promise((done) => probe.close(done));
    const env = { ...world.env, AEGIS_PORT: String(port), AEGIS_API_KEY: "a-key" };
    const started = await execa(process.execPath, [made.bin, "start-vllm", "--simulate", "--wait"], {
      cwd: world.project,
      env,
      extendEnv: false,
      reject: false,
    });
    onTestFinished(
      async () =>
        void (await execa(process.execPath, [made.bin, "stop-vllm"], {
          cwd: world.project,
          env,
          extendEnv: false,
          reject: false,
        })),
    );
    expect(started).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(/SIMULATED[\s\S]*Predicted/) });
    const version = await (await fetch(`http://127.0.0.1:${port}/version`)).json();
    expect(version).toMatchObject({ version: "0.33.0+simulated", scripted: true });
    expect((await fetch(`http://127.0.0.1:${port}/v1/models`)).status).toBe(401);
    expect(
      (await execa(process.execPath, [made.bin, "stop-vllm"], { cwd: world.project, env, extendEnv: false })).exitCode,
    ).toBe(0);
  });
});
