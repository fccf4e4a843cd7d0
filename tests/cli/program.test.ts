import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { commands } from "../../src/cli/commands.ts";
import { en } from "../../src/cli/messages/en.ts";
import { ko } from "../../src/cli/messages/ko.ts";
import { pickLanguage } from "../../src/cli/messages/language.ts";
import { makeProgram } from "../../src/cli/program.ts";
import { cli, makeWorld, put, recordIo, tree } from "./io.ts";

/** `config show`, `install` …: the command lines of all commands that do something. */
async function commandLines(): Promise<string[][]> {
  const { io } = recordIo();
  const program = makeProgram(io, "0");
  for (const register of commands) await register(program, io);
  const walk = (command: Command, path: string[]): string[][] =>
    command.commands.length === 0 ? [path] : command.commands.flatMap((child) => walk(child, [...path, child.name()]));
  return walk(program, []);
}

describe("help", () => {
  it("of every command has a description and examples, in both languages, and costs nothing", async () => {
    const lines = await commandLines();
    expect(lines.map((line) => line.join(" "))).toEqual(
      expect.arrayContaining(["install", "doctor", "scope check", "config show", "config validate", "config schema"]),
    );
    for (const line of [[], ...lines]) {
      const english = await cli([...line, "--help"]);
      expect([line, english.code, english.err]).toEqual([line, 0, ""]);
      expect(english.out).toContain("Usage:");
      expect(english.out).toMatch(/Examples:\n {2}\$ oh-my-qwencoder /);
      const korean = await cli([...line, "--help", "--lang", "ko"]);
      expect(korean.out).toContain("사용법:");
      expect(korean.out).not.toBe(english.out);
    }
  });

  it("is what a bare call shows", async () => {
    expect((await cli([])).out).toBe((await cli(["--help"])).out);
    expect(await cli(["--version"])).toMatchObject({ code: 0, out: "0.0.0-test\n" });
  });
});

describe("wrong usage ends with 2", () => {
  it.each([
    [["instal"], "install"],
    [["doctor", "--jsn"], "--json"],
    [["config"], "show"],
    [["config", "shwo"], "show"],
    [["scope", "check"], "file"],
    [["scope", "check", "a", "b"], "too many"],
    [["install", "--global", "--managed"], "--managed"],
    [["install", "--base-url", "nope"], "--base-url"],
    [["install", "--snapshots", "maybe"], "on, off"],
    [["config", "show", "--lang", "fr"], "en or ko"],
    [["serve-vllm"], "unknown command"],
  ])("%j", async (argv, text) => {
    const { project, env } = makeWorld();
    const result = await cli(argv, { cwd: project, env });
    expect([result.code, result.out]).toEqual([2, ""]);
    expect(result.err).toContain(text);
  });

  it("is data too under --json", async () => {
    const result = await cli(["doctor", "--json", "--nope"]);
    expect(result.code).toBe(2);
    expect(JSON.parse(result.out)).toMatchObject({ ok: false, error: expect.stringContaining("--nope") });
  });
});

describe("language", () => {
  it("is the flag's, then OMQ_LANG's, then the locale's", () => {
    expect(pickLanguage("ko", { OMQ_LANG: "en" })).toBe("ko");
    expect(pickLanguage(undefined, { OMQ_LANG: "ko", LANG: "en_US.UTF-8" })).toBe("ko");
    expect(pickLanguage(undefined, { LANG: "ko_KR.UTF-8" })).toBe("ko");
    expect(pickLanguage(undefined, { LC_ALL: "C", LANG: "ko_KR.UTF-8" })).toBe("en");
    expect(pickLanguage(undefined, { LC_ALL: "", LANG: "ko" })).toBe("ko");
    expect(pickLanguage(undefined, { OMQ_LANG: "", LANG: "kok_IN" })).toBe("en");
    expect(pickLanguage(undefined, {})).toBe("en");
  });

  it("has the same sentences with the same parameters in both", () => {
    expect(Object.keys(ko).sort()).toEqual(Object.keys(en).sort());
    const parameters = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();
    for (const key of Object.keys(en) as (keyof typeof en)[]) {
      expect([key, parameters(ko[key])]).toEqual([key, parameters(en[key])]);
      expect(ko[key].trim()).not.toBe("");
      // Words without one of Korean among them are a name or a command, the same in both.
      const words = ko[key].replaceAll(/\{\w+\}/gu, "");
      if (/[a-z]{3}/iu.test(words) && !/[가-힣]/u.test(words)) expect([key, ko[key]]).toEqual([key, en[key]]);
    }
  });
});

describe("colours", () => {
  it("come only where allowed", async () => {
    const { project, env } = makeWorld();
    const start = "\u001b[";
    expect((await cli(["config", "show"], { cwd: project, env })).out).not.toContain(start);
    expect((await cli(["config", "show"], { cwd: project, env, colour: true })).out).toContain(start);
  });
});

describe("config", () => {
  it("show: every value with its origin; --json is one object", async () => {
    const { project, env } = makeWorld();
    put(join(project, "aegis.jsonc"), `{"swarm": {"maxWorkers": 4, "sandbox": "off"}}`);
    const plain = await cli(["config", "show"], { cwd: project, env });
    expect(plain.code).toBe(0);
    expect(plain.out).toMatch(/swarm\.maxWorkers = 4 +project/);
    expect(plain.out).toMatch(/swarm\.sandbox = "required" +default/);
    expect(plain.err).toContain("aegis.jsonc:1:40: swarm.sandbox: ignored");
    const json = await cli(["config", "show", "--json"], { cwd: project, env: { ...env, OMQ_THRESHOLD: "80" } });
    expect(JSON.parse(json.out)).toMatchObject({
      ok: true,
      config: { swarm: { maxWorkers: 4 }, threshold: 80 },
      origin: { "swarm.maxWorkers": "project", threshold: "environment" },
      files: [join(project, "aegis.jsonc")],
    });
  });

  it("show KEY: one setting or a group; an unknown one ends with 2 and the nearest names", async () => {
    const { project, env } = makeWorld();
    put(join(project, "aegis.jsonc"), `{"swarm": {"maxWorkers": 4}}`);
    const show = (...argv: string[]) => cli(["config", "show", ...argv], { cwd: project, env });
    expect((await show("swarm.maxWorkers")).out).toMatch(/^swarm\.maxWorkers = 4 +project\n$/);
    expect((await show("swarm")).out.split("\n")).toEqual(
      expect.arrayContaining([expect.stringMatching(/^swarm\.maxWorkers/), expect.stringMatching(/^swarm\.isolation/)]),
    );
    expect((await show("swarm")).out).not.toMatch(/^gate\./m);
    expect(JSON.parse((await show("swarm.maxWorkers", "--json")).out)).toMatchObject({
      ...{ ok: true, key: "swarm.maxWorkers", value: 4, origin: { "swarm.maxWorkers": "project" } },
    });
    const wrong = await show("swarm.maxWorkes");
    expect([wrong.code, wrong.out, wrong.err]).toEqual([2, "", expect.stringMatching(/nearest: swarm\.maxWorkers/)]);
    expect((await show("maxWorkers")).err).toContain("swarm.maxWorkers");
    const none = await show("qqqqqqqqqqqqq", "--json");
    expect([none.code, JSON.parse(none.out)]).toMatchObject([2, { ok: false, nearest: [] }]);
    expect((await show("swarm.maxWorkes", "--lang", "ko")).err).toContain("가까운 이름: swarm.maxWorkers");
  });

  it("validate: 0 where sound, 1 with place and suggestion where not", async () => {
    const { project, env } = makeWorld();
    expect(await cli(["config", "validate", "--json"], { cwd: project, env })).toMatchObject({ code: 0, err: "" });
    put(join(project, "aegis.jsonc"), `{\n  "swarm": {"maxWorkes": 4}\n}`);
    const plain = await cli(["config", "validate"], { cwd: project, env });
    expect(plain).toMatchObject({ code: 1, out: "" });
    expect(plain.err).toContain(
      "aegis.jsonc:2:13: swarm.maxWorkes: there is no such key (did you mean swarm.maxWorkers?)",
    );
    const korean = await cli(["config", "validate", "--lang=ko"], { cwd: project, env });
    expect(korean.err).toContain("없는 키입니다");
    const json = await cli(["config", "validate", "--json"], { cwd: project, env });
    expect([json.code, JSON.parse(json.out)]).toMatchObject([1, { ok: false, problems: [{ line: 2, column: 13 }] }]);
    expect((await cli(["config", "show", "--json"], { cwd: project, env })).code).toBe(1);
  });

  it("schema: the committed schema", async () => {
    const { out } = await cli(["config", "schema"]);
    expect(out).toBe(readFileSync(new URL("../../aegis.schema.json", import.meta.url), "utf8"));
  });
});

describe("scope check", () => {
  const pair = (a: string, b: string) =>
    JSON.stringify([
      { name: "api", fileScope: [a] },
      { name: "ui", fileScope: [b] },
    ]);

  it("says disjoint, from a file or standard input", async () => {
    const { project, env } = makeWorld();
    put(join(project, "scopes.json"), pair("src/api/**", "src/ui/**"));
    const plain = await cli(["scope", "check", "scopes.json"], { cwd: project, env });
    expect(plain).toMatchObject({ code: 0, err: "" });
    const readStdin = () => Promise.resolve(pair("a", "b"));
    const json = await cli(["scope", "check", "-", "--json"], { readStdin });
    expect([json.code, JSON.parse(json.out)]).toEqual([0, { ok: true, overlaps: [] }]);
  });

  it("names both globs and a path both match", async () => {
    const readStdin = () => Promise.resolve(pair("src/**", "src/*.ts"));
    const json = await cli(["scope", "check", "-", "--json"], { readStdin });
    expect(json.code).toBe(1);
    const result = JSON.parse(json.out);
    expect(result).toMatchObject({ ok: false, overlaps: [{ a: "api", b: "ui", globA: "src/**", globB: "src/*.ts" }] });
    expect(result.overlaps[0].witness).toMatch(/^src\/[^/]*\.ts$/);
    expect((await cli(["scope", "check", "-"], { readStdin })).err).toContain("src/*.ts");
  });

  it.each(["", "{", "[1]", `{"name": "a"}`, `[{"name":"a","fileScope":["../x"]}]`])(
    "refuses %s as one object",
    async (text) => {
      const json = await cli(["scope", "check", "-", "--json"], { readStdin: () => Promise.resolve(text) });
      expect([json.code, JSON.parse(json.out)]).toMatchObject([1, { ok: false, overlaps: [] }]);
    },
  );

  it("refuses a file that is not there", async () => {
    const { project } = makeWorld();
    const json = await cli(["scope", "check", "none.json", "--json"], { cwd: project });
    expect([json.code, JSON.parse(json.out).ok]).toEqual([1, false]);
  });
});

describe("nothing is left behind", () => {
  it("by the commands that only look, in a home that does not exist", async () => {
    const { dir, project, home, env } = makeWorld();
    for (const argv of [
      ["config", "show"],
      ["config", "validate"],
      ["install", "--dry-run", "--base-url", "http://127.0.0.1:9/v1"],
    ]) {
      expect((await cli(argv, { cwd: project, env })).code).toBe(0);
    }
    expect(tree(dir)).toEqual({});
    expect(existsSync(home)).toBe(false);
  });
});
