import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeWorld, put, tree } from "../io.ts";
import { install, read } from "./installWorld.ts";

describe("OpenCode's own screen", () => {
  const SIDEBAR = /^file:\/\/\/.*\/dist\/tui\.js$/;

  it("gets the sidebar in a file of its own, and loses it again", async () => {
    const world = makeWorld();
    await install(world);
    const file = join(world.project, "tui.json");
    expect(read(file)).toMatchObject({ plugin: [expect.stringMatching(SIDEBAR)] });
    const installed = tree(world.project);
    await install(world);
    expect(tree(world.project)).toEqual(installed);
    await install(world, { uninstall: true });
    expect(tree(world.project)).toEqual({});
  });

  it("keeps what a person wrote there, comments too, and gives it back byte for byte", async () => {
    const world = makeWorld();
    const text = '{\n  // mine\n  "theme": "tokyonight",\n  "plugin": ["./own.tsx"], // and this\n}\n';
    const file = put(join(world.project, "tui.jsonc"), text);
    await install(world);
    expect(read(file)).toMatchObject({ theme: "tokyonight", plugin: ["./own.tsx", expect.stringMatching(SIDEBAR)] });
    expect(readFileSync(file, "utf8")).toContain("// mine");
    expect(existsSync(join(world.project, "tui.json"))).toBe(false);
    await install(world, { uninstall: true });
    expect(readFileSync(file, "utf8")).toBe(text);
  });

  it("loses only our entry where the person changed the file since", async () => {
    const world = makeWorld();
    const file = put(join(world.project, "tui.json"), '{ "theme": "a", "plugin": ["./own.tsx"] }\n');
    await install(world);
    writeFileSync(file, readFileSync(file, "utf8").replace('"a"', '"b"'));
    await install(world, { uninstall: true });
    expect(read(file)).toEqual({ theme: "b", plugin: ["./own.tsx"] });
  });

  it("follows a package that lies elsewhere now", async () => {
    const world = makeWorld();
    const file = join(world.project, "tui.json");
    await install(world);
    writeFileSync(file, readFileSync(file, "utf8").replace("/dist/tui.js", "/elsewhere/dist/tui.js"));
    const record = join(world.project, ".aegis/backup/install.json");
    writeFileSync(record, readFileSync(record, "utf8").replaceAll("/dist/tui.js", "/elsewhere/dist/tui.js"));
    await install(world);
    expect(read(file).plugin).toEqual([expect.stringMatching(/^(?!.*elsewhere).*\/dist\/tui\.js$/)]);
  });

  it("stops an install where its file cannot be read, before anything is changed", async () => {
    const world = makeWorld();
    put(join(world.project, "tui.json"), '{"plugin": [');
    const before = tree(world.project);
    const result = await install(world);
    expect([result.code, result.err]).toEqual([1, expect.stringContaining("tui.json:1")]);
    expect(tree(world.project)).toEqual(before);
  });
});
