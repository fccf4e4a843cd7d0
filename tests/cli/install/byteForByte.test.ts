import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "jsonc-parser";
import { describe, expect, it } from "vitest";
import { makeWorld, put, tree } from "../io.ts";
import { install, read } from "./installWorld.ts";

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
