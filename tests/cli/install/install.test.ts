import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { hostVersion } from "../../../src/cli/install/hostVersion.ts";
import type { InstallWorld } from "../../../src/cli/install/run.ts";
import { makeWorld, put, tree } from "../io.ts";
import { install, read } from "./installWorld.ts";

describe("a project", () => {
  it("without a configuration gets one with a schema, and loses it again", async () => {
    const world = makeWorld();
    const result = await install(world, { baseUrl: "http://10.1.2.3:9/v1", model: "qwen-x", apiKeyEnv: "VLLM_KEY" });
    expect(result.code).toBe(0);
    expect(result.err).toContain("no model server answers");
    expect(read(join(world.project, "opencode.json"))).toMatchObject({
      $schema: expect.stringContaining("opencode.ai"),
      model: "aegis/qwen-x",
      provider: { aegis: { options: { baseURL: "http://10.1.2.3:9/v1", apiKey: "{env:VLLM_KEY}" } } },
    });
    expect(readFileSync(join(world.project, ".gitignore"), "utf8")).toBe(".aegis/\n");
    expect(readFileSync(join(world.project, ".aegis/env.sh"), "utf8")).toContain("OPENCODE_DISABLE_MODELS_FETCH=1");
    expect(result.out).toContain("OPENCODE_DISABLE_MODELS_FETCH=1");
    expect(result.out).toContain('+  "model": "aegis/qwen-x"');
    expect(result.out).toContain("Snapshots: the plugin switches");
    // Shown once, in the diff.
    expect(result.out.split("OPENCODE_DISABLE_MODELS_FETCH=1")).toHaveLength(2);
    expect(result.out).toContain("\n  export VLLM_KEY=…\n  . .aegis/env.sh\n  opencode --agent commander\n");
    expect(read(join(world.project, "aegis.jsonc")).$schema).toMatch(/^file:.*aegis\.schema\.json$/);
    expect(existsSync(world.home)).toBe(false);
    await install(world, { uninstall: true });
    expect(tree(world.project)).toEqual({});
  });

  it("keeps what the second install does not name, and changes what it names", async () => {
    const world = makeWorld();
    const file = put(join(world.project, "opencode.json"), "{}\n");
    await install(world, { baseUrl: "http://10.0.0.1:1/v1", model: "a" });
    await install(world);
    expect(read(file).provider.aegis.options.baseURL).toBe("http://10.0.0.1:1/v1");
    await install(world, { model: "b", baseUrl: "http://10.0.0.2:1/v1" });
    const value = read(file);
    expect(value).toMatchObject({
      model: "aegis/b",
      small_model: "aegis/b",
      provider: { aegis: { options: { baseURL: "http://10.0.0.2:1/v1" } } },
    });
    expect(value.plugin).toHaveLength(1);
    expect(value.plugin[0][1].model).toBe("aegis/b");
    await install(world, { uninstall: true });
    expect(readFileSync(file, "utf8")).toBe("{}\n");
  });

  it("edits the file OpenCode reads last, and leaves the other", async () => {
    const world = makeWorld();
    put(join(world.project, "opencode.json"), `{"model": "corp/m", "enabled_providers": ["corp"]}`);
    put(join(world.project, "opencode.jsonc"), "{\n}\n");
    const result = await install(world);
    expect(readFileSync(join(world.project, "opencode.json"), "utf8")).toBe(
      `{"model": "corp/m", "enabled_providers": ["corp"]}`,
    );
    const value = read(join(world.project, "opencode.jsonc"));
    // A later list replaces the earlier one in OpenCode, so the person's provider must be repeated.
    expect(value.enabled_providers).toEqual(["corp", "aegis"]);
    expect(value.model).toBeUndefined();
    expect(result.err).toContain('`model` is "corp/m" already');
    await install(world, { uninstall: true });
    expect(readFileSync(join(world.project, "opencode.jsonc"), "utf8")).toBe("{\n}\n");
  });

  it("lists the providers that the routing configuration can lead to, and takes them out again", async () => {
    const world = makeWorld();
    const file = put(join(world.project, "opencode.json"), '{"enabled_providers": ["corp", "google"]}\n');
    const outside = (enabled: boolean) =>
      put(
        join(String(world.env.HOME), ".config/oh-my-qwencoder/aegis.jsonc"),
        JSON.stringify({ routing: { primary: "claude", external: { enabled }, fallback: ["gemini", "local"] } }),
      );
    outside(false);
    await install(world);
    expect(read(file).enabled_providers).toEqual(["corp", "google", "aegis"]);
    outside(true);
    await install(world);
    expect(read(file).enabled_providers).toEqual(["corp", "google", "aegis", "anthropic", "openai"]);
    await install(world, { uninstall: true });
    expect(readFileSync(file, "utf8")).toBe('{"enabled_providers": ["corp", "google"]}\n');
  });

  it("--specialists is an option of the plugin's entry, which goes with it", async () => {
    const world = makeWorld();
    const file = join(world.project, "opencode.json");
    await install(world, { specialists: true });
    expect(read(file).plugin.at(-1)[1]).toEqual({ model: "aegis/qwen3-coder-next", specialists: true });
    // A later install without the flag leaves them: it was not asked to take them away.
    await install(world);
    expect(read(file).plugin.at(-1)[1]).toMatchObject({ specialists: true });
    await install(world, { uninstall: true });
    expect(existsSync(file)).toBe(false);
  });

  it("keeps the person's model, share and providers", async () => {
    const world = makeWorld();
    const file = put(
      join(world.project, "opencode.json"),
      `{\n  "model": "corp/m",\n  "share": "manual",\n  "enabled_providers": ["corp"]\n}\n`,
    );
    const { err } = await install(world);
    expect(read(file)).toMatchObject({ model: "corp/m", share: "manual", enabled_providers: ["corp", "aegis"] });
    expect(err).toContain("`share`");
  });

  it("calls our agents otherwise where the names are taken, wherever they are", async () => {
    const world = makeWorld();
    const file = put(join(world.project, "opencode.json"), `{"agent": {"worker": {"prompt": "mine"}}}`);
    put(join(world.project, ".opencode/agent/commander.md"), "mine");
    put(join(world.home, ".config/opencode/agents/scout.md"), "mine");
    const { err, out } = await install(world);
    expect(read(file).plugin[0][1].agents).toEqual({
      commander: "aegis-commander",
      worker: "aegis-worker",
      scout: "aegis-scout",
    });
    expect(read(file).agent.worker).toEqual({ prompt: "mine" });
    expect(err).toContain("`aegis-commander`");
    expect(out).toContain("\n  . .aegis/env.sh\n  opencode --agent aegis-commander\n");
  });

  it("keeps an existing .opencode from stalling OpenCode, and takes that back too", async () => {
    const world = makeWorld();
    put(join(world.project, ".opencode/command/x.md"), "x");
    const before = tree(world.project);
    await install(world);
    expect(read(join(world.project, ".opencode/package.json")).dependencies).toHaveProperty("@opencode-ai/plugin");
    expect((await install(world)).out).toContain("Already installed");
    await install(world, { uninstall: true });
    expect(tree(world.project)).toEqual(before);
    expect(existsSync(join(world.project, ".opencode/node_modules"))).toBe(false);
  });

  it("adds to .gitignore in its own line ends, once", async () => {
    const world = makeWorld();
    const file = put(join(world.project, ".gitignore"), "a\r\nb");
    await install(world);
    expect(readFileSync(file, "utf8")).toBe("a\r\nb\r\n.aegis/\r\n");
    writeFileSync(file, "a\r\nb\r\n.aegis/\r\nc\r\n");
    await install(world, { uninstall: true });
    expect(readFileSync(file, "utf8")).toBe("a\r\nb\r\nc\r\n");
  });

  it("is found from a subdirectory; a place that is none is refused with the next step", async () => {
    const world = makeWorld();
    mkdirSync(join(world.project, "deep"));
    await install(world, {}, { io: { cwd: join(world.project, "deep") } });
    expect(existsSync(join(world.project, "opencode.json"))).toBe(true);
    const outside = await install(world, {}, { io: { cwd: world.dir } });
    expect(outside.code).toBe(1);
    expect(outside.err).toContain("git init");
  });

  it("says that the OpenCode on PATH is another generation's", async () => {
    const world = makeWorld();
    const program = put(join(world.dir, "bin/opencode"), "#!/bin/sh\necho 2.0.0\n");
    chmodSync(program, 0o755);
    const io = { env: { ...world.env, PATH: `${dirname(program)}:${world.env.PATH}` } };
    const warned = await install(world, {}, { io, hostVersion });
    expect(warned.code).toBe(0);
    expect(warned.err).toContain("`opencode` on PATH is 2.0.0");
    expect(warned.err).toContain("npm install --global opencode-ai@1.18.33");
    const korean = await install(world, { dryRun: true }, { io: { ...io, lang: "ko" }, hostVersion });
    expect(korean.err).toContain("PATH의 `opencode` 는 2.0.0 인데");
    expect((await install(world)).err).not.toContain("2.0.0");
  });

  it("takes the served context, and keeps it when the server is gone", async () => {
    const world = makeWorld();
    const probe: InstallWorld["probe"] = () =>
      Promise.resolve({ reachable: true, models: [{ id: "qwen3-coder-next", maxModelLen: 65_536 }] });
    const { err } = await install(world, {}, { probe });
    expect(err).toBe("");
    expect((await install(world)).out).toContain("Already installed");
    const file = join(world.project, "opencode.json");
    expect(read(file).provider.aegis.models["qwen3-coder-next"].limit).toEqual({
      context: 65_536,
      input: 49_152,
      output: 16_384,
    });
  });
});

describe("a person at a terminal", () => {
  it("is asked about snapshots and for a yes", async () => {
    const world = makeWorld();
    const asked: string[] = [];
    const answers = ["n", "y"];
    const ask = (question: string) => {
      asked.push(question);
      return Promise.resolve(answers.shift());
    };
    expect((await install(world, { yes: false }, { io: { isTTY: true, ask } })).code).toBe(0);
    expect(asked).toHaveLength(2);
    expect(read(join(world.project, "opencode.json")).snapshot).toBe(true);
  });
});
