import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { FileEventLogs } from "../../src/adapters/log/fileEventLogs.ts";
import { FileLease } from "../../src/adapters/log/fileLease.ts";
import { holdLease, needLease } from "../../src/runtime/holdLease.ts";
import { SwarmRuntime } from "../../src/runtime/swarm.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "aegis-hold-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const openProcess = () => ({
  lease: new FileLease(dir),
  swarm: new SwarmRuntime(new FileEventLogs(dir), () => undefined),
});
const settings = { maxWorkers: 8, maxRetries: 3, maxContinuations: 3, designOptional: false, skipPhrases: [] };
const begin = {
  type: "begin_swarm",
  at: 1,
  id: "s-1",
  session: "ses-1",
  settings,
  head: "",
  dirty: [],
  language: "en",
} as const;

it("a viewer that takes the lease over goes on from what the other process did meanwhile", async () => {
  const first = openProcess();
  const second = openProcess();
  expect((await holdLease(first)).held).toBe(true);
  await first.swarm.submit(begin);
  await second.swarm.load();
  expect((await holdLease(second)).held).toBe(false);
  await first.swarm.submit({ type: "propose_design", at: 2, summary: "s", features: [], qaStrategy: "worker-self" });
  await first.lease.release();
  expect(second.swarm.state?.design.status).toBe("none");
  expect((await holdLease(second)).held).toBe(true);
  expect(second.swarm.state?.design.status).toBe("open");
});

it("an instance that the host has ended takes the lease no more; the next one does", async () => {
  const first = openProcess();
  const second = openProcess();
  expect(await needLease(first)).toBeUndefined();
  await first.lease.retire();
  expect(await needLease(first)).toMatchObject({ code: "instance-ended" });
  expect(await needLease(second)).toBeUndefined();
  await first.lease.retire();
  expect(await needLease(first)).toMatchObject({ code: "instance-ended" });
  expect((await second.lease.holder())?.own).toBe(true);
});

it("a state directory that cannot be used is a refusal that says why; a log that could not be read is read again", async () => {
  const blocked = join(dir, "file");
  await writeFile(blocked, "");
  const lease = new FileLease(join(blocked, ".aegis"));
  const refused = await needLease({ ...openProcess(), lease });
  expect(refused).toMatchObject({ code: "state-unusable", happened: expect.stringContaining("ENOTDIR") });

  const first = openProcess();
  expect(await needLease(first)).toBeUndefined();
  await first.swarm.submit(begin);
  await first.lease.release();
  const log = join(dir, "swarms/s-1/events.jsonl");
  const whole = await readFile(log, "utf8");
  await writeFile(log, `garbage\n${whole}`);
  const second = openProcess();
  expect((await needLease(second))?.happened).toContain("line 1 is damaged");
  await writeFile(log, whole);
  expect(await needLease(second)).toBeUndefined();
  expect(second.swarm.state?.id).toBe("s-1");
});
