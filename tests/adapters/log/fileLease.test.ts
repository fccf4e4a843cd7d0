import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileLease } from "../../../src/adapters/log/fileLease.ts";

let dir: string;
let file: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "aegis-lease-"));
  file = join(dir, "lease.json");
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const leaveBehind = (holder: { pid: number; started: string }) =>
  writeFile(file, `${JSON.stringify({ token: "other", since: "2026-01-01T00:00:00.000Z", ...holder })}\n`);

/** A pid that belonged to a process which has ended. */
async function deadPid(): Promise<number> {
  const child = execa(process.execPath, ["-e", ""]);
  await child;
  return child.pid ?? 0;
}

describe("FileLease", () => {
  it("is held by one; the second is told by whom, until it is released", async () => {
    const first = new FileLease(dir);
    const second = new FileLease(dir);
    expect(await first.acquire()).toMatchObject({ held: true });
    expect(await second.acquire()).toMatchObject({ held: false, by: { pid: process.pid } });
    await second.release();
    expect(await first.acquire(), "the same token again").toMatchObject({ held: true });
    await first.release();
    expect(await second.acquire()).toMatchObject({ held: true });
    await first.release();
    expect(JSON.parse(await readFile(file, "utf8"))).toMatchObject({ pid: process.pid });
  });

  it("is kept by calls of one process that overlap", async () => {
    const lease = new FileLease(dir);
    // One after the other and not at the same moment: one call's end has to fall into another's middle.
    const after = async (ticks: number) => {
      for (let tick = 0; tick < ticks; tick += 1) await setImmediate();
      return lease.acquire();
    };
    for (let round = 0; round < 40; round += 1) {
      const all = await Promise.all(Array.from({ length: 8 }, (_, n) => after(n * round)));
      expect(all.map((each) => each.held)).toEqual(all.map(() => true));
    }
    expect(await readdir(dir)).toEqual([".gitignore", "lease.json"]);
  });

  it("is taken from a holder that is dead", async () => {
    await leaveBehind({ pid: await deadPid(), started: "1" });
    expect(await new FileLease(dir).acquire()).toMatchObject({ held: true });
    expect(await readdir(dir)).toEqual([".gitignore", "lease.json"]);
  });

  it("is taken where the holder's pid belongs to another process by now", async () => {
    await leaveBehind({ pid: process.pid, started: "1" });
    expect(await new FileLease(dir).acquire()).toMatchObject({ held: true });
  });

  it("is not taken from another process that lives", async () => {
    const child = execa(process.execPath, ["-e", "process.stdin.resume(); console.log('up')"], { reject: false });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    const stat = await readFile(`/proc/${child.pid}/stat`, "utf8");
    const started = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
    await leaveBehind({ pid: child.pid ?? 0, started });
    expect(await new FileLease(dir).acquire()).toMatchObject({ held: false, by: { pid: child.pid } });
    child.kill("SIGKILL");
    await child;
    expect(await new FileLease(dir).acquire()).toMatchObject({ held: true });
  });

  it.each(["", "{", "[]", '{"pid":"x"}'])("is taken where the file is torn: %j", async (text) => {
    await writeFile(file, text);
    expect(await new FileLease(dir).acquire()).toMatchObject({ held: true });
  });

  it("has one holder when several take it from the dead at once", async () => {
    const pid = await deadPid();
    for (let round = 0; round < 60; round += 1) {
      await leaveBehind({ pid, started: "1" });
      const takers = Array.from({ length: 4 }, () => new FileLease(dir));
      const taken = await Promise.allSettled(takers.map((lease) => lease.acquire()));
      const held = taken.filter((each) => each.status === "fulfilled" && each.value.held);
      expect(held, `round ${round}`).toHaveLength(1);
      await rm(file, { force: true });
    }
  });
});
