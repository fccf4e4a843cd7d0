import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { GateLog } from "../../../src/adapters/log/gateLog.ts";

function stateDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "aegis-gate-log-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, ".aegis");
}
const AT = new Date("2026-01-01T00:00:00.000Z");

describe("the gate's log", () => {
  it("gives back what was appended, and is nothing before that", async () => {
    const dir = stateDir();
    const log = new GateLog(dir);
    expect([log.begun, await log.read(), existsSync(dir)]).toEqual([false, [], false]);
    log.append(AT, { type: "retry", attempt: 1 });
    log.append(AT, { type: "retry", attempt: 2 });
    const at = AT.toISOString();
    expect(await log.read()).toEqual([
      { at, type: "retry", attempt: 1 },
      { at, type: "retry", attempt: 2 },
    ]);
  });

  it("keeps no secret, however deep it stands", () => {
    const dir = stateDir();
    const secret = `sk-${"a1B2c3D4e5F6g7H8i9J0"}`;
    new GateLog(dir).append(AT, {
      type: "repaired",
      report: { notes: [{ before: `bash({"command":"curl -H 'x: ${secret}'"})` }] },
    });
    const text = readFileSync(join(dir, "gate.jsonl"), "utf8");
    expect(text).not.toContain(secret);
    expect(text).toContain("[redacted]");
    expect(text).toContain("curl -H");
  });

  it("never takes more than two files of its size, and loses the oldest lines only", async () => {
    const dir = stateDir();
    const log = new GateLog(dir, 10_000);
    for (let attempt = 0; attempt < 2_000; attempt += 1) log.append(AT, { type: "retry", attempt });
    const sizes = ["gate.jsonl", "gate.1.jsonl"].map((name) => statSync(join(dir, name)).size);
    expect(Math.max(...sizes)).toBeLessThan(10_200);
    const attempts = (await log.read()).map((line) => (line as { attempt: number }).attempt);
    expect(attempts.length).toBeGreaterThan(100);
    expect(attempts).toEqual(attempts.map((_, at) => 2_000 - attempts.length + at));
  });

  it("leaves out a torn line", async () => {
    const dir = stateDir();
    const log = new GateLog(dir);
    log.append(AT, { type: "retry", attempt: 1 });
    appendFileSync(join(dir, "gate.jsonl"), '{"at":"2026-01');
    expect(await log.read()).toHaveLength(1);
  });
});
