import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { GateLog } from "../../../src/adapters/log/gateLog.ts";
import { cli, makeWorld } from "../io.ts";
import { writeSwarm } from "./liveSwarm.ts";

const about = (role: string) => ({ session: "s", role, provider: "aegis" });
const BEFORE = new Date("2025-12-31T00:00:00.000Z");
const DURING = new Date("2026-01-02T00:00:00.000Z");

function fill(project: string): void {
  const log = new GateLog(join(project, ".aegis"));
  const answered = { type: "answered", firstByteMs: 420, totalMs: 900, status: 200, finish: "stop" };
  const tokens = { prompt: 20_000, cached: 15_000, output: 512 };
  log.append(BEFORE, { ...about("worker"), ...answered, gaps: [] });
  log.append(DURING, { ...about("worker"), ...answered, tokens, gaps: [[21, 40]] });
  log.append(DURING, { ...about("commander"), ...answered, firstByteMs: 1_500, gaps: [] });
  log.append(DURING, { ...about("worker"), type: "spared", reportedAt: DURING.getTime() });
  log.append(DURING, { ...about("worker"), type: "retry", attempt: 1, failure: "overload", waitMs: 10 });
  log.append(DURING, { ...about("worker"), type: "repaired", report: { counts: { alias: 2 } }, history: 0 });
}

describe("model requests in swarm status", () => {
  it("are those since the swarm began, in short", async () => {
    const { project, env } = makeWorld();
    await writeSwarm(project);
    fill(project);
    const english = await cli(["swarm", "status"], { cwd: project, env });
    expect(english.out).toContain("Model requests: 2 answered · 1 not needed · 1 tried again · repaired: alias 2");
    expect(english.out).toContain(
      "worker     1 answered · first token 420 ms (p95 420 ms) · between tokens 21 ms (p95 21 ms) · 20.0k tokens in, 75 % from the cache, 512 out",
    );
    expect(english.out).toContain("commander  1 answered · first token 1.5 s (p95 1.5 s)");
    const korean = await cli(["swarm", "status", "--lang", "ko"], { cwd: project, env });
    expect(korean.out).toContain("모델 요청: 응답 2 · 생략 1 · 재시도 1 · 고침: alias 2");
  });

  it("are whole under --json, with null where nothing was measured", async () => {
    const { project, env } = makeWorld();
    await writeSwarm(project);
    const none = await cli(["swarm", "status", "--json"], { cwd: project, env });
    expect(JSON.parse(none.out).gate).toBeNull();
    fill(project);
    const { gate } = JSON.parse((await cli(["swarm", "status", "--json"], { cwd: project, env })).out);
    expect(Object.keys(gate)).toEqual(["all", "byRole", "byProvider"]);
    expect(gate.all).toMatchObject({
      answered: 2,
      spared: 1,
      retries: 1,
      failed: 0,
      repairs: { alias: 2 },
      queueMs: null,
    });
    expect(gate.byRole.worker.interTokenMs).toEqual({ p50: 21, p95: 21, p99: 21, max: 21 });
    expect(gate.byRole.commander.interTokenMs).toBeNull();
    expect(gate.byProvider.aegis.answered).toBe(2);
  });
});
