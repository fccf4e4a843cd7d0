import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { parse } from "jsonc-parser";
import { afterEach, describe, expect, it } from "vitest";
import { writeAtomically } from "../../../src/cli/install/changes.ts";
import { hostVersion } from "../../../src/cli/install/hostVersion.ts";
import type { InstallOptions } from "../../../src/cli/install/options.ts";
import { probeServer } from "../../../src/cli/install/probe.ts";
import type { InstallWorld } from "../../../src/cli/install/run.ts";
import { makeWorld, put, tree, type World } from "../io.ts";
import { install, type More } from "./installWorld.ts";

const read = (path: string) =>
  parse(readFileSync(path, "utf8").replace(/^\uFEFF/, ""), [], { allowTrailingComma: true });

const texts: Record<string, string> = {
  "plain JSON": `{\n  "theme": "x",\n  "plugin": [\n    "one",\n    ["two", { "a": 1 }]\n  ]\n}\n`,
  "one line": `{"theme":"x","plugin":["one"]}`,
  "empty object": "{}",
  "comments and trailing commas": `// mine\n{\n  // the theme\n  "theme": "x", // stays\n  "provider": {\n    "corp": { "npm": "n", }, /* c */\n  },\n  "plugin": [\n    "one", // first\n    // last\n  ],\n}\n// end\n`,
  "a comment behind the last value": `{\n  "theme": "x" // note\n  // tail\n}`,
  "byte order mark, CRLF and tabs": `\uFEFF{\r\n\t"theme": "x", // hé 한글\r\n\t"plugin": [\r\n\t\t"one"\r\n\t]\r\n}\r\n`,
  "no final newline, four spaces": `{\n    "theme": "x"\n}`,
  "an empty object with a comment": `{\n  // nothing yet\n}\n`,
  "a plugin list on one line with a trailing comma": `{\n  "plugin": ["one", /* c */],\n}\n`,
};

describe.each(["opencode.json", "opencode.jsonc"])("a project with %s", (name) => {
  it.each(Object.entries(texts))("%s: nothing lost, twice the same, restored byte for byte", async (_, text) => {
    const world = makeWorld();
    const file = put(join(world.project, name), text);
    const before = tree(world.project);
    expect(await install(world)).toMatchObject({ code: 0 });
    const after = readFileSync(file, "utf8");

    const value = read(file);
    const original = parse(text.replace(/^\uFEFF/, ""), [], { allowTrailingComma: true });
    expect(value).toMatchObject({
      ...original,
      plugin: expect.arrayContaining(original.plugin ?? []),
      provider: original.provider ?? {},
    });
    const entry = value.plugin.at(-1);
    expect(entry[0]).toMatch(/^file:\/\/\/.*\/dist\/plugin\.js$/);
    expect(entry[1]).toEqual({ model: "aegis/qwen3-coder-next" });
    expect(value.provider.aegis).toMatchObject({
      npm: "@ai-sdk/openai-compatible",
      options: { baseURL: "http://127.0.0.1:8001/v1" },
      models: { "qwen3-coder-next": { tool_call: true, limit: { context: 131_072, input: 114_688, output: 16_384 } } },
    });
    expect(value).toMatchObject({
      model: "aegis/qwen3-coder-next",
      small_model: "aegis/qwen3-coder-next",
      share: "disabled",
    });
    expect(value.enabled_providers).toEqual(["aegis"]);
    // Every line with a comment stands as it stood: the comment was not moved to another line's end.
    for (const line of text.split(/\r?\n/).filter((l) => /\/\/|\/\*/.test(l) && !/^\{"|\["/.test(l.trim()))) {
      const kept = after
        .split(/\r?\n/)
        .some((l) => l.replace(/,/g, "").trim() === line.replace(/,/g, "").trim() || l.includes(line.trim()));
      expect([line, kept || text === texts["a plugin list on one line with a trailing comma"]]).toEqual([line, true]);
    }
    expect(after.startsWith("\uFEFF")).toBe(text.startsWith("\uFEFF"));
    expect(after.endsWith("\n")).toBe(text.endsWith("\n"));
    if (text.includes("\r\n")) expect(after.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
    if (text.includes("\t")) expect(after).not.toMatch(/^ +"/m);

    const installed = tree(world.project);
    expect(await install(world)).toMatchObject({ code: 0, out: expect.stringContaining("Already installed") });
    expect(tree(world.project)).toEqual(installed);

    expect(await install(world, { uninstall: true })).toMatchObject({ code: 0 });
    expect(tree(world.project)).toEqual(before);
    expect(existsSync(join(world.project, ".aegis"))).toBe(false);
  });

  it.each(Object.entries(texts))("%s: changed since, only our entries go", async (_, text) => {
    const world = makeWorld();
    const file = put(join(world.project, name), text);
    await install(world);
    const changed = readFileSync(file, "utf8").replace('"share"', '"username": "kim", "share"');
    writeFileSync(file, changed);
    const outcome = await install(world, { uninstall: true });
    expect(outcome.out).toContain("only our entries");
    const original = parse(text.replace(/^\uFEFF/, ""), [], { allowTrailingComma: true });
    expect(read(file)).toEqual({ ...original, username: "kim" });
    for (const comment of text.match(/\/\/.*|\/\*.*?\*\//g) ?? [])
      expect(readFileSync(file, "utf8")).toContain(comment.trim());
  });
});

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

describe("the model server that an install asks", () => {
  const listening: Server[] = [];
  afterEach(async () => {
    await Promise.all(listening.splice(0).map((server) => new Promise((done) => server.close(done))));
  });

  /** A server whose `/v1` wants a key, and where it is. */
  async function keyed(): Promise<string> {
    const server = createServer((asked, answer) => {
      const { url = "/", headers } = asked;
      answer.statusCode = !url.startsWith("/v1") ? 404 : headers.authorization === "Bearer right" ? 200 : 401;
      answer.setHeader("content-type", "application/json");
      answer.end(JSON.stringify({ object: "list", data: [{ id: "m", max_model_len: 4096 }] }));
    });
    listening.push(server);
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  const told = async (options: InstallOptions, env: Record<string, string> = {}) => {
    const world = makeWorld();
    const { err } = await install(
      world,
      { model: "m", ...options },
      { probe: probeServer, io: { env: { ...world.env, ...env } } },
    );
    return err;
  };

  it("says what its key lacks, and nothing where it is the right one", async () => {
    const baseUrl = `${await keyed()}/v1`;
    expect(await told({ baseUrl })).toMatch(/wants a key \(401\): --api-key-env NAME/);
    expect(await told({ baseUrl, apiKeyEnv: "SERVER_KEY" })).toContain("SERVER_KEY is not set in this shell");
    expect(await told({ baseUrl, apiKeyEnv: "SERVER_KEY" }, { SERVER_KEY: "old" })).toContain(
      "refused the key in SERVER_KEY",
    );
    expect(await told({ baseUrl, apiKeyEnv: "SERVER_KEY" }, { SERVER_KEY: "right" })).toBe("");
  });

  it("remembers the variable of an earlier install", async () => {
    const world = makeWorld();
    const baseUrl = `${await keyed()}/v1`;
    await install(world, { baseUrl, model: "m", apiKeyEnv: "SERVER_KEY" });
    expect((await install(world, {}, { probe: probeServer })).err).toContain("SERVER_KEY is not set");
  });

  it("names the address with /v1 and does not take it by itself", async () => {
    const root = await keyed();
    const world = makeWorld();
    const { err } = await install(world, { baseUrl: root, model: "m" }, { probe: probeServer });
    expect(err).toContain(`--base-url ${root}/v1`);
    expect(read(join(world.project, "opencode.json")).provider.aegis.options.baseURL).toBe(root);
  });

  it("says that a connection was refused", async () => {
    const root = await keyed();
    await new Promise((done) => listening.splice(0)[0]?.close(done));
    expect(await told({ baseUrl: `${root}/v1` })).toMatch(/no model server answers.*ECONNREFUSED/);
  });
});
