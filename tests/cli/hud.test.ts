import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { UsageLog } from "../../src/adapters/tracking/usageLog.ts";
import { writeLive } from "../../src/adapters/view/liveFile.ts";
import { showHud } from "../../src/cli/hud/show.ts";
import { cellsOf } from "../../src/core/view/cells.ts";
import { cli, makeWorld, put, recordIo, type World } from "./io.ts";
import { SWARM, writeSwarm } from "./swarm/liveSwarm.ts";

const stateOf = ({ home }: World) => join(home, ".local/state/oh-my-qwencoder");

/** Two Workers at work, and all that is known beside the log. */
async function busyWorld(): Promise<World> {
  const world = makeWorld();
  await writeSwarm(world.project);
  const now = Date.now();
  await writeLive(join(world.project, ".aegis"), {
    at: now,
    pid: process.pid,
    swarm: SWARM,
    primary: "local",
    workers: {
      w01: { doing: "edit src/store/a.ts", tokens: { input: 12_000, output: 345, cached: 9_000 } },
      w02: { doing: "thinking", ahead: 2 },
    },
    servers: [{ server: "127.0.0.1:8001", at: now, running: 4, waiting: 2, kvUsage: 0.5 }],
  });
  const log = new UsageLog(stateOf(world));
  const row = { at: now, agent: "worker", duration: 800, success: true, cacheHit: true };
  log.append({ ...row, provider: "local", input: 2_100_000, output: 48_000 });
  log.append({
    ...row,
    provider: "claude",
    agent: "commander",
    success: false,
    duration: 3_000,
    input: 1_200,
    output: 567,
  });
  const window = { provider: "claude", source: "by-hand", observedAt: now, confidence: "manual", blocks: true };
  put(
    join(stateOf(world), "limits.json"),
    JSON.stringify({
      windows: [
        { ...window, windowKind: "5h", windowSeconds: 18_000, usedPercent: 42 },
        { ...window, windowKind: "weekly", windowSeconds: 604_800, usedPercent: 17 },
      ],
    }),
  );
  return world;
}

const LINE = "C:1.2k↓ 567↑|O:0↓ 0↑|G:0↓ 0↑|L:2.1M↓ 48k↑ · 5h:42% wk:17%";

describe("hud", () => {
  it("shows the Workers, the GPU, the routing and the status line, from anywhere in the project", async () => {
    const world = await busyWorld();
    mkdirSync(join(world.project, "src/deep"), { recursive: true });
    const { code, out } = await cli(["hud"], { cwd: join(world.project, "src/deep"), env: world.env });
    expect(code).toBe(0);
    const lines = out.trimEnd().split("\n");
    expect(lines).toEqual([
      expect.stringMatching(/^monitoring · 0\/2 completed · /),
      expect.stringMatching(/^w01 store +██░░░░░░ exploring +edit src\/store\/a\.ts +12\.3k /),
      expect.stringMatching(/^w02 api +░░░░░░░░ queued +waiting for the GPU, 2 ahead +0 /),
      "GPU 127.0.0.1:8001  4 running · 2 waiting · KV 50%",
      "Routing  local (fusion off) · 2 requests in 24 h · local 1 · claude 1 · 1.8k tokens spared",
      LINE,
    ]);
    const korean = await cli(["hud", "--lang", "ko"], { cwd: world.project, env: world.env });
    expect(korean.out).toContain("GPU 대기, 앞에 2건");
  });

  it("gives the same to programs", async () => {
    const world = await busyWorld();
    const { out } = await cli(["hud", "--json"], { cwd: world.project, env: world.env });
    expect(JSON.parse(out)).toMatchObject({
      ok: true,
      swarm: { id: SWARM, phase: "monitoring", over: false },
      workers: [
        { id: "w01", status: "exploring", tokens: 12_345 },
        { id: "w02", ahead: 2 },
      ],
      limits: { "5h": 42, weekly: 17 },
      statusLine: LINE,
      driven: true,
      problems: [],
    });
  });

  it("says what is missing outside a project, without a swarm, and where a file is damaged", async () => {
    const world = makeWorld();
    const nowhere = await cli(["hud"], { cwd: world.dir, env: world.env });
    expect([nowhere.code, nowhere.out]).toEqual([
      0,
      "No swarm in this project yet.\nRouting  local (fusion off)\nC:0↓ 0↑|O:0↓ 0↑|G:0↓ 0↑|L:0↓ 0↑\n",
    ]);
    await writeSwarm(world.project);
    put(join(world.project, ".aegis/live.json"), "{");
    put(join(stateOf(world), "limits.json"), '{"windows":3}');
    const damaged = await cli(["hud"], { cwd: world.project, env: world.env, columns: 300 });
    expect(damaged.code).toBe(0);
    expect(damaged.out).toMatch(/live\.json is not as expected/);
    expect(damaged.out).toMatch(/limits\.json is not as expected/);
    expect(damaged.out).toContain("No OpenCode drives it now.");
  });

  it("keeps what was read before a line that is no event, and names the line", async () => {
    const world = makeWorld();
    await writeSwarm(world.project);
    const log = join(world.project, ".aegis/swarms", SWARM, "events.jsonl");
    writeFileSync(log, '{"type":"nonsense"}\n', { flag: "a" });
    const { out } = await cli(["hud"], { cwd: world.project, env: world.env, columns: 300 });
    expect(out).toMatch(/^monitoring /);
    expect(out).toMatch(/events\.jsonl, event \d+: type: /);
  });

  it("goes on with --watch and shows what changes, until it is stopped", async () => {
    const world = await busyWorld();
    const stop = new AbortController();
    const { io, out } = recordIo({ cwd: world.project, env: world.env, signal: stop.signal });
    const shown = showHud(io, { watch: true, json: true });
    const views = () =>
      out()
        .split("\n")
        .filter((line) => line !== "")
        .map((line): { workers: { doing: string }[] } => JSON.parse(line));
    expect(views()).toHaveLength(1);
    await writeLive(join(world.project, ".aegis"), {
      ...{ at: Date.now(), pid: 1, swarm: SWARM, primary: "local", servers: [] },
      workers: { w01: { doing: "bash npm test" } },
    });
    await vi.waitFor(() => expect(views().at(-1)?.workers[0]?.doing).toBe("bash npm test"), { timeout: 20_000 });
    stop.abort();
    await shown;
  });
});

describe("stats", () => {
  it("has requests, latencies, tokens and costs by provider and agent", async () => {
    const world = await busyWorld();
    const { out } = await cli(["stats", "--period", "hour", "--json"], { cwd: world.project, env: world.env });
    expect(JSON.parse(out)).toMatchObject({
      ok: true,
      period: "hour",
      total: { requests: 2, errors: 1, successRate: 0.5, tokens: { input: 2_101_200, output: 48_567 } },
      byProvider: {
        local: { requests: 1, latency: { p50: 800, max: 800 }, cost: 0 },
        // By list price: 1,200 tokens in at $5 and 567 out at $25 a million.
        claude: { requests: 1, errors: 1, cost: (1_200 * 5 + 567 * 25) / 1e6 },
      },
      byAgent: { worker: { requests: 1 }, commander: { requests: 1, successRate: 0 } },
      electricity: { watts: 700, kwh: 0.7 * (0.8 / 3600), cost: 0 },
      buckets: [{ requests: 2, input: 2_101_200, output: 48_567 }],
    });
    const plain = await cli(["stats"], { cwd: world.project, env: world.env });
    expect(plain.out).toMatch(/^claude +1 +0\.0% +0 +100\.0% +3\.0 s +3\.0 s +1\.2k +567 +\$0\.02$/m);
    expect(plain.out).toContain("Electricity of the local GPU: 0.000 kWh at 700 W, $0.00.");
  });

  it("counts what was cut apart from answers and errors, in 80 cells and in both languages", async () => {
    const world = await busyWorld();
    const row = { at: Date.now(), agent: "worker", duration: 100, success: false, cacheHit: true, input: 1, output: 1 };
    const log = new UsageLog(stateOf(world));
    log.append({ ...row, provider: "local", cut: true }, { ...row, provider: "gemini", cut: true });
    const { out } = await cli(["stats", "--json"], { cwd: world.project, env: world.env });
    expect(JSON.parse(out)).toMatchObject({
      total: { requests: 4, errors: 1, cut: 2, successRate: 0.5 },
      byProvider: { local: { requests: 2, errors: 0, cut: 1, successRate: 1 }, gemini: { cut: 1, successRate: null } },
    });
    for (const lang of ["en", "ko"]) {
      const plain = await cli(["stats", "--lang", lang], { cwd: world.project, env: world.env });
      expect(plain.out).toMatch(/^local +2 +100\.0% +1 /m);
      expect(plain.out).toMatch(/^gemini +1 +- +1 /m);
      const [table = ""] = plain.out.split(/\n[^\n]*: 0\.000 kWh|\n[^\n]*0\.000 kWh/u);
      for (const line of table.split("\n")) expect(cellsOf(line), line).toBeLessThanOrEqual(80);
    }
  });

  it("reckons the electricity with the configured power and price", async () => {
    const world = await busyWorld();
    put(join(world.project, "aegis.jsonc"), '{"tracking":{"watts":900000000}}');
    expect((await cli(["stats"], { cwd: world.project, env: world.env })).code).toBe(1);
    put(join(world.project, "aegis.jsonc"), '{"tracking":{"watts":90000,"pricePerKwh":0.5}}');
    const { out } = await cli(["stats", "--json"], { cwd: world.project, env: world.env });
    const { electricity, byProvider, total } = JSON.parse(out);
    expect(electricity.kwh).toBeCloseTo(90 * (0.8 / 3600), 12);
    expect(byProvider.local.cost).toBeCloseTo(electricity.kwh * 0.5, 12);
    expect(total.cost).toBeCloseTo(byProvider.local.cost + byProvider.claude.cost, 12);
  });

  it("names models whose price nobody knows, in place of a cost of 0, until one is set", async () => {
    const world = await busyWorld();
    const at = Date.now();
    const request = { at, agent: "build", duration: 10, success: true, cacheHit: false, input: 2_000_000, output: 0 };
    new UsageLog(stateOf(world)).append(
      { ...request, provider: "openrouter", model: "some/model" },
      { ...request, provider: "claude", model: "claude-sonnet-4-5-20250929" },
    );
    const stats = async (...more: string[]) =>
      (await cli(["stats", ...more], { cwd: world.project, env: world.env })).out;
    const { total, byProvider, prices } = JSON.parse(await stats("--json"));
    expect(byProvider.openrouter).toMatchObject({ cost: null, unpriced: 2_000_000 });
    expect(byProvider.claude.cost).toBeCloseTo(6 + (1_200 * 5 + 567 * 25) / 1e6, 9);
    expect(total).toMatchObject({ cost: byProvider.claude.cost, unpriced: 2_000_000 });
    expect(prices.unknown).toEqual(["openrouter/some/model"]);
    const plain = await stats();
    expect(plain).toMatch(/^openrouter .* –$/m);
    expect(plain).toMatch(/^all .* ≥\$6\.02$/im);
    expect(plain).toContain("Nobody knows a price for openrouter/some/model");
    put(
      join(world.project, "aegis.jsonc"),
      '{"tracking":{"prices":{"openrouter/some/model":{"input":1,"output":2},"claude":{"input":0,"output":0}}}}',
    );
    const own = JSON.parse(await stats("--json"));
    expect(own.byProvider.openrouter).toMatchObject({ cost: 2, unpriced: 0 });
    expect(own.byProvider.claude.cost).toBe(0);
    expect(own.prices.unknown).toEqual([]);
  });

  it("says that there was nothing, and refuses an unknown period", async () => {
    const world = makeWorld();
    expect((await cli(["stats"], { cwd: world.project, env: world.env })).out).toBe("No request in this time.\n");
    expect((await cli(["stats", "--period", "year"], { cwd: world.project, env: world.env })).code).toBe(2);
  });
});
