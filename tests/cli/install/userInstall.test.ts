import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeWorld, put, tree } from "../io.ts";
import { install, read } from "./installWorld.ts";

describe("the user's and the machine's configuration", () => {
  it("--global: a home that does not exist, no git needed, provisioned, restored", async () => {
    const world = makeWorld();
    const io = { cwd: world.dir };
    expect((await install(world, { global: true }, { io })).code).toBe(0);
    const dir = join(world.home, ".config/opencode");
    expect(read(join(dir, "opencode.json"))).toMatchObject({
      autoupdate: false,
      share: "disabled",
      enabled_providers: ["aegis"],
    });
    expect(existsSync(join(dir, "node_modules"))).toBe(true);
    expect(existsSync(join(world.home, ".config/oh-my-qwencoder/env.sh"))).toBe(true);
    expect((await install(world, { global: true }, { io })).out).toContain("Already installed");
    expect(tree(world.project)).toEqual({});
    await install(world, { uninstall: true }, { io });
    expect(tree(world.home)).toEqual({});
  });

  it("--uninstall in a project leaves the user's and the machine's install alone and names it", async () => {
    const world = makeWorld();
    mkdirSync(world.home);
    const wider = () => [tree(world.home), tree(join(world.dir, "etc"))];
    await install(world, { managed: true });
    const machine = wider();
    const first = await install(world, { uninstall: true });
    expect([first.code, first.err]).toEqual([1, expect.stringContaining("install --managed --uninstall")]);
    expect(wider()).toEqual(machine);
    await install(world, { global: true });
    const both = wider();
    for (const dryRun of [true, false]) {
      const refused = await install(world, { uninstall: true, dryRun });
      expect([refused.code, refused.out]).toEqual([1, ""]);
      expect(refused.err).toMatch(/Nothing is installed here[\s\S]*`oh-my-qwencoder install --global --uninstall`/);
    }
    expect(wider()).toEqual(both);
    const named = await install(world, { managed: true, uninstall: true });
    expect(named.code).toBe(0);
    expect(wider()).toEqual([both[0], {}]);
    // Outside a repository no project is meant; the machine's never is without its flag.
    await install(world, { managed: true });
    const outside = { io: { cwd: world.dir } };
    expect((await install(world, { uninstall: true }, outside)).code).toBe(0);
    expect(wider()).toEqual([{}, machine[1]]);
    expect((await install(world, { uninstall: true }, outside)).code).toBe(1);
    expect(wider()).toEqual([{}, machine[1]]);
  });

  it("--global edits the file OpenCode made by itself, behind a symbolic link too", async () => {
    const world = makeWorld();
    const real = put(
      join(world.dir, "dotfiles/opencode.jsonc"),
      `{\n  "$schema": "https://opencode.ai/config.json"\n}`,
    );
    mkdirSync(join(world.home, ".config/opencode"), { recursive: true });
    symlinkSync(real, join(world.home, ".config/opencode/opencode.jsonc"));
    await install(world, { global: true });
    expect(read(real).model).toBe("aegis/qwen3-coder-next");
    await install(world, { global: true, uninstall: true });
    expect(readFileSync(real, "utf8")).toBe(`{\n  "$schema": "https://opencode.ai/config.json"\n}`);
  });

  it("--managed writes the machine's files", async () => {
    const world = makeWorld();
    await install(world, { managed: true });
    expect(Object.keys(tree(join(world.dir, "etc"))).sort()).toEqual([
      expect.stringContaining("oh-my-qwencoder/aegis.jsonc"),
      "oh-my-qwencoder/backup/install.json",
      "oh-my-qwencoder/env.sh",
      "oh-my-qwencoder/models.json",
      "oh-my-qwencoder/tui.json",
      "opencode/opencode.json",
    ]);
    await install(world, { managed: true, uninstall: true });
    expect(tree(join(world.dir, "etc"))).toEqual({});
  });
});
