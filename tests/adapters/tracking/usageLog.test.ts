import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it, onTestFinished } from "vitest";
import { UsageLog } from "../../../src/adapters/tracking/usageLog.ts";
import { UsageReader } from "../../../src/adapters/tracking/usageReader.ts";

const T0 = Date.UTC(2026, 10, 21, 13);
const row = (at: number, input = 1) => ({
  at,
  provider: "local",
  agent: "worker",
  duration: 10,
  success: true,
  cacheHit: false,
  input,
  output: 2,
});

function home(): string {
  const dir = mkdtempSync(join(tmpdir(), "omq-usage-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

const requests = (reader: UsageReader, now: number) =>
  reader
    .read()
    .total("day", now)
    .reduce((sum, cell) => sum + cell.requests, 0);

describe("the usage log", () => {
  it("loses and doubles nothing when files are closed and folded, for a reader that looks all the time and a new one", () => {
    const dir = home();
    const log = new UsageLog(dir, { bytes: 2_000, restMs: 5_000 });
    const reader = new UsageReader(dir);
    for (let index = 0; index < 400; index += 1) {
      const now = T0 + index * 200;
      log.append(row(now));
      expect(requests(reader, now)).toBe(index + 1);
    }
    expect(requests(new UsageReader(dir), T0 + 80_000)).toBe(400);
    const files = readdirSync(join(dir, "usage"));
    expect(files).toContain("snapshot.json");
    expect(files).not.toContain("fold.lock");
    // What is folded is gone: only files of the last seconds are left.
    expect(files.length).toBeLessThan(8);
  });

  it("drops a line that a crash has torn and keeps the one behind it", () => {
    const dir = home();
    const log = new UsageLog(dir);
    log.append(row(T0));
    appendFileSync(join(dir, "usage/usage.jsonl"), '\n{"at":17');
    const reader = new UsageReader(dir);
    expect(requests(reader, T0)).toBe(1);
    log.append(row(T0 + 1));
    expect(requests(reader, T0 + 1)).toBe(2);
    expect(requests(new UsageReader(dir), T0 + 1)).toBe(2);
  });

  it("counts a closed file once that a crash left behind after it was folded", () => {
    const dir = home();
    const log = new UsageLog(dir, { bytes: 300, restMs: 1_000 });
    for (let index = 0; index < 20; index += 1) log.append(row(T0 + index * 700));
    const snapshot = join(dir, "usage/snapshot.json");
    const folded: unknown = JSON.parse(readText(snapshot)).folded[0];
    writeFileSync(join(dir, "usage", String(folded)), `${JSON.stringify(row(T0))}\n`);
    expect(requests(new UsageReader(dir), T0 + 14_000)).toBe(20);
  });

  it("takes the lines of several processes at once", async () => {
    const dir = home();
    const program = `
      import { UsageLog } from ${JSON.stringify(new URL("../../../src/adapters/tracking/usageLog.ts", import.meta.url).pathname)};
      const log = new UsageLog(${JSON.stringify(dir)}, { bytes: 20_000, restMs: 60_000 });
      for (let index = 0; index < 300; index += 1) log.append(${JSON.stringify(row(T0))});
    `;
    const { build } = await import("esbuild");
    const outfile = join(dir, "writer.mjs");
    await build({
      stdin: { contents: program, resolveDir: "." },
      bundle: true,
      format: "esm",
      platform: "node",
      outfile,
    });
    await Promise.all([1, 2, 3, 4].map(() => execa("node", [outfile])));
    const total = new UsageReader(dir).read().total("day", T0);
    expect(total.map(({ requests: count, input, output }) => [count, input, output])).toEqual([[1200, 1200, 2400]]);
  });

  it("says which file is damaged", () => {
    const dir = home();
    new UsageLog(dir).append(row(T0));
    writeFileSync(join(dir, "usage/snapshot.json"), "{");
    expect(() => new UsageReader(dir).read()).toThrow("snapshot.json is not as expected");
  });
});

function readText(path: string): string {
  return String(readFileSync(path));
}
