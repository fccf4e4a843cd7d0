import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CLAUDE_COMMANDS } from "../../../src/core/claude/hookInput.ts";
import { cli, makeWorld, put, tree, type World } from "../io.ts";

const BASE = ["--base-url", "http://127.0.0.1:9/v1"];
const run = ({ project, env }: World, ...words: string[]) => cli(["install", ...words], { cwd: project, env });
/** With a comment, tabs, CRLF and no last newline: all of it is the person's. */
const OWN = '{\r\n\t"theme": "dark",\r\n\t"permissions": { "allow": ["Bash(ls:*)"] }\r\n}';

describe("install --claude-code", () => {
  it("adds the plugin, a status line and the commands, and takes them out again byte for byte", async () => {
    const world = makeWorld();
    const settings = put(join(world.home, ".claude/settings.json"), OWN);
    put(join(world.home, ".claude/commands/ulw.md"), "mine");
    const before = tree(world.home);
    const { code, err } = await run(world, "--global", "--claude-code", "--yes", ...BASE);
    expect(code).toBe(0);
    expect(err).toContain("ours is /oh-my-qwencoder:ulw");
    const plugin = join(world.home, ".config/oh-my-qwencoder/claude-code");
    expect(JSON.parse(readFileSync(settings, "utf8"))).toMatchObject({
      ...{ theme: "dark", permissions: { allow: ["Bash(ls:*)"] } },
      extraKnownMarketplaces: { "oh-my-qwencoder": { source: { source: "directory", path: plugin } } },
      enabledPlugins: { "oh-my-qwencoder@oh-my-qwencoder": true },
      statusLine: { type: "command", command: expect.stringContaining("claude-code statusline") },
    });
    const files = Object.keys(tree(world.home));
    for (const name of CLAUDE_COMMANDS)
      expect(files).toContain(
        name === "ulw" ? `.config/oh-my-qwencoder/claude-code/commands/ulw.md` : `.claude/commands/${name}.md`,
      );
    for (const name of ["marketplace.json", "plugin.json"])
      expect(JSON.parse(readFileSync(join(plugin, ".claude-plugin", name), "utf8")).name).toBe("oh-my-qwencoder");
    const again = await run(world, "--global", "--claude-code", "--yes", ...BASE);
    expect(again.out).not.toContain("settings.json");
    // A later install without the flag keeps what is there.
    await run(world, "--global", "--yes", ...BASE);
    expect(readFileSync(settings, "utf8")).toContain("claude-code statusline");
    expect((await run(world, "--global", "--uninstall")).out).toContain("settings.json: restored byte for byte");
    expect(tree(world.home)).toEqual(before);
  });

  it("leaves a status line of the person's alone and says how to feed the limits from it", async () => {
    const world = makeWorld();
    const own = { statusLine: { type: "command", command: "mine" } };
    const settings = put(join(world.home, ".claude/settings.json"), JSON.stringify(own));
    const { err } = await run(world, "--global", "--claude-code", "--yes", ...BASE);
    expect(err).toMatch(/let it call: .*claude-code statusline/);
    expect(JSON.parse(readFileSync(settings, "utf8")).statusLine).toEqual(own.statusLine);
  });

  it("takes only its own out of settings that changed since, and none of another's", async () => {
    const world = makeWorld();
    await run(world, "--global", "--claude-code", "--yes", ...BASE);
    const settings = join(world.home, ".claude/settings.json");
    const changed = JSON.parse(readFileSync(settings, "utf8"));
    changed.enabledPlugins["other@there"] = true;
    changed.model = "opus";
    writeFileSync(settings, JSON.stringify(changed));
    await run(world, "--global", "--uninstall");
    expect(JSON.parse(readFileSync(settings, "utf8"))).toEqual({
      enabledPlugins: { "other@there": true },
      model: "opus",
    });
  });

  it("in a project goes into that person's own file there", async () => {
    const world = makeWorld();
    const before = tree(world.project);
    await run(world, "--claude-code", "--yes", ...BASE);
    const files = Object.keys(tree(world.project));
    expect(files).toEqual(
      expect.arrayContaining([
        ".claude/settings.local.json",
        ".claude/commands/handoff.md",
        ".aegis/claude-code/hooks/hooks.json",
      ]),
    );
    await run(world, "--uninstall");
    rmSync(join(world.project, ".aegis"), { recursive: true, force: true });
    expect(tree(world.project)).toEqual(before);
  });

  it("changes nothing where the settings cannot be read, and is nothing for a whole machine", async () => {
    const world = makeWorld();
    put(join(world.home, ".claude/settings.json"), '{"theme": ');
    const before = tree(world.home);
    expect(await run(world, "--global", "--claude-code", "--yes", ...BASE)).toMatchObject({
      code: 1,
      err: expect.stringContaining("settings.json:1:"),
    });
    expect(tree(world.home)).toEqual(before);
    expect((await run(world, "--managed", "--claude-code", "--yes")).code).toBe(2);
  });
});
