import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeAtomically } from "../../../src/cli/install/changes.ts";
import type { InstallOptions } from "../../../src/cli/install/options.ts";
import type { InstallWorld } from "../../../src/cli/install/run.ts";
import { makeWorld, put, tree, type World } from "../io.ts";
import { install, type More } from "./installWorld.ts";

describe("nothing is changed", () => {
  async function unchanged(world: World, options: InstallOptions, code: number, text: string, more: More = {}) {
    const before = tree(world.dir);
    const result = await install(world, options, more);
    expect(result.code).toBe(code);
    expect(result.err + result.out).toContain(text);
    expect(tree(world.dir)).toEqual(before);
    return result;
  }

  it.each([
    [`{\n  "a": 1,\n  "b": }\n`, ":3:8"],
    [`{ "a": 1`, ":1:9"],
    [" \n", ":2:1"],
    ["[]", ":1:1"],
    [`{"plugin": "x"}`, "plugin"],
    [`{"provider": []}`, "provider"],
    [`{"a":1,"a":2}`, "twice"],
  ])("by a file that cannot be used: %s", async (text, place) => {
    const world = makeWorld();
    put(join(world.project, "opencode.json"), text);
    await unchanged(world, {}, 1, place);
  });

  it("by a file that is no UTF-8, or a directory in its place", async () => {
    const world = makeWorld();
    put(join(world.project, "opencode.json"), Buffer.from([0x7b, 0xff, 0x7d]));
    await unchanged(world, {}, 1, "UTF-8");
    const other = makeWorld();
    mkdirSync(join(other.project, "opencode.json"));
    await unchanged(other, {}, 1, "opencode.json");
  });

  it("by a read-only file, even for root", async () => {
    const world = makeWorld();
    const file = put(join(world.project, "opencode.json"), "{}");
    chmodSync(file, 0o444);
    await unchanged(world, {}, 1, "read-only");
  });

  it("when a write fails half way", async () => {
    for (const bad of ["opencode.json", ".gitignore", "env.sh", "install.json", "aegis.jsonc"]) {
      const world = makeWorld();
      put(join(world.project, "opencode.json"), "{}");
      put(join(world.project, ".gitignore"), "x\n");
      const write: InstallWorld["write"] = (path, bytes) => {
        if (path.endsWith(bad)) throw new Error("ENOSPC: no space left on device");
        return writeAtomically(path, bytes);
      };
      await unchanged(world, {}, 1, "ENOSPC", { write });
      expect(existsSync(join(world.project, ".aegis"))).toBe(false);
    }
  });

  it("by a dry run, without a terminal and --yes, or without a yes", async () => {
    const world = makeWorld();
    put(join(world.project, "opencode.json"), "{}");
    const dry = await unchanged(world, { dryRun: true, yes: false }, 0, "+++ opencode.json");
    expect(dry.out).toContain("Dry run");
    await unchanged(world, { yes: false }, 2, "--yes");
    await unchanged(world, { yes: false }, 1, "not confirmed", { io: { isTTY: true, ask: () => Promise.resolve("") } });
    await unchanged(world, { uninstall: true }, 0, "Nothing is installed");
  });

  it.each([
    [{ baseUrl: "localhost:8001" }, "--base-url"],
    [{ baseUrl: "ftp://x/v1" }, "--base-url"],
    [{ baseUrl: "http://u:secret@x/v1" }, "--base-url"],
    [{ apiKeyEnv: "sk-123" }, "--api-key-env"],
    [{ model: "a b" }, "--model"],
  ])("by %j", async (options, text) => {
    await unchanged(makeWorld(), options, 2, text);
  });
});
