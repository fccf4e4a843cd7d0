import { appendFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileEventLogs } from "../../../src/adapters/log/fileEventLogs.ts";
import type { SwarmEvent } from "../../../src/core/workflow/events.ts";
import { CorruptLogError } from "../../../src/ports/eventLogs.ts";

const ID = "s-20260101-120000-abcd";
const spoke = (excerpt: string): SwarmEvent => ({
  type: "person_spoke",
  at: 1,
  excerpt,
  skipAsked: false,
  autopilot: false,
  language: "en",
});

let dir: string;
let file: string;
let logs: FileEventLogs;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "aegis-log-"));
  file = join(dir, "swarms", ID, "events.jsonl");
  logs = new FileEventLogs(dir);
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe("FileEventLogs", () => {
  it("gives back what was appended, one line an event, to any later reader", async () => {
    expect(await logs.read(ID)).toEqual([]);
    expect(await logs.list()).toEqual([]);
    await logs.append(ID, [spoke("a\nb"), spoke("한글 \u2028 😀")]);
    await logs.append(ID, []);
    await logs.append(ID, [spoke("c")]);
    expect(await new FileEventLogs(dir).read(ID)).toEqual([spoke("a\nb"), spoke("한글 \u2028 😀"), spoke("c")]);
    expect((await readFile(file, "utf8")).split("\n")).toHaveLength(4);
    expect(await logs.list()).toEqual([ID]);
  });

  it("lists swarms oldest first and nothing else", async () => {
    for (const id of ["s-20260102-000000-a", "s-20251231-235959-b"]) await logs.append(id, [spoke("x")]);
    await mkdir(join(dir, "swarms", "Other Thing"));
    await writeFile(join(dir, "swarms", "s-file"), "");
    expect(await logs.list()).toEqual(["s-20251231-235959-b", "s-20260102-000000-a"]);
  });

  it.each(["../x", "s-", "s-A", "", "s-a/../../b"])("takes no id that leaves its directory: %j", async (id) => {
    await expect(logs.append(id, [spoke("x")])).rejects.toThrow(/is not a swarm id/);
    await expect(logs.read(id)).rejects.toThrow(/is not a swarm id/);
  });

  it("drops a torn last line, and writes over it next, wherever it was torn", async () => {
    await logs.append(ID, [spoke("one"), spoke("두 번째")]);
    const whole = await readFile(file);
    const first = whole.indexOf(0x0a) + 1;
    for (let cut = first; cut < whole.length; cut += 1) {
      await writeFile(file, whole.subarray(0, cut));
      expect(await logs.read(ID), `cut at ${cut}`).toEqual([spoke("one")]);
      await logs.append(ID, [spoke("next")]);
      expect(await logs.read(ID), `cut at ${cut}`).toEqual([spoke("one"), spoke("next")]);
    }
  });

  it("finds the last whole line in front of a torn one that is longer than a block", async () => {
    await logs.append(ID, [spoke("one")]);
    await appendFile(file, `{"type":"${"x".repeat(20_000)}`);
    await logs.append(ID, [spoke("two")]);
    expect(await logs.read(ID)).toEqual([spoke("one"), spoke("two")]);
    await writeFile(file, "y".repeat(9_000));
    await logs.append(ID, [spoke("three")]);
    expect(await logs.read(ID)).toEqual([spoke("three")]);
  });

  it.each([
    ["no JSON", "}{"],
    ["zeros", "\0\0\0\0"],
    ["an unknown event", '{"type":"no_such","at":1}'],
    ["a field of another type", '{"type":"continued","at":"1","missing":"x"}'],
    ["nothing", ""],
  ])("names the file and the line that holds %s in the middle", async (_what, line) => {
    await logs.append(ID, [spoke("one")]);
    await appendFile(file, `${line}\n`);
    await logs.append(ID, [spoke("three")]);
    const error = await logs.read(ID).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CorruptLogError);
    expect(error).toMatchObject({ file, line: 2 });
    expect(String(error)).toContain("line 2 is damaged");
  });

  it("tells when it cannot write", async () => {
    await mkdir(join(dir, "swarms"), { recursive: true });
    await writeFile(join(dir, "swarms", ID), "a file in the way");
    await expect(logs.append(ID, [spoke("x")])).rejects.toThrow(/EEXIST|ENOTDIR/);
  });

  it("leaves no part of a batch when the disk is full", async (context) => {
    const disk = join(dir, "disk");
    await mkdir(disk);
    const mounted = await execa("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], { reject: false });
    if (mounted.exitCode !== 0) return context.skip("a small file system cannot be mounted here");
    try {
      const small = new FileEventLogs(disk);
      await small.append(ID, [spoke("one")]);
      const { size } = await stat(join(disk, "swarms", ID, "events.jsonl"));
      const batch = Array.from({ length: 200 }, () => spoke("z".repeat(1_000)));
      await expect(small.append(ID, batch)).rejects.toThrow(/ENOSPC/);
      expect((await stat(join(disk, "swarms", ID, "events.jsonl"))).size).toBe(size);
      await small.append(ID, [spoke("two")]);
      expect(await small.read(ID)).toEqual([spoke("one"), spoke("two")]);
    } finally {
      await execa("umount", [disk]);
    }
  });

  it("survives a process that is killed while it appends", async () => {
    await logs.append(ID, [spoke("one")]);
    const writer = `
      const fs = require("node:fs");
      const line = JSON.stringify(${JSON.stringify(spoke("w"))}) + "\\n";
      process.stdout.write("ready\\n");
      for (;;) fs.appendFileSync(${JSON.stringify(file)}, line);`;
    const child = execa(process.execPath, ["-e", writer], { reject: false });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    child.kill("SIGKILL");
    await child;
    const before = await logs.read(ID);
    await logs.append(ID, [spoke("after")]);
    expect(await logs.read(ID)).toEqual([...before, spoke("after")]);
  });
});
