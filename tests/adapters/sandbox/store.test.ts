import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, it } from "vitest";
import { makeStore } from "../../../src/adapters/sandbox/store.ts";

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "aegis-store-"));
});
afterEach(() => rm(parent, { recursive: true, force: true }));

it("removes what dead processes left and nothing else", async () => {
  const own = await makeStore(parent);
  const child = execa(process.execPath, ["-e", ""]);
  await child;
  const dead = join(parent, basename(own).replace(`-${process.pid}-`, `-${child.pid}-`));
  const otherContainers = join(parent, `aegis-sandbox-1-${child.pid}-abc`);
  const strangers = join(parent, "aegis-sandbox-notes");
  for (const dir of [dead, otherContainers, strangers]) await mkdir(dir);
  await writeFile(join(dead, "file"), "x");
  const next = await makeStore(parent);
  expect([own, next, dead, otherContainers, strangers].map((dir) => existsSync(dir))).toEqual([
    true,
    true,
    false,
    true,
    true,
  ]);
});
