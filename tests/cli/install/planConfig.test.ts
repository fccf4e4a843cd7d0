import fc from "fast-check";
import { parse } from "jsonc-parser";
import { expect, it } from "vitest";
import { type ConfigWish, planConfig, withoutOurs } from "../../../src/cli/install/planConfig.ts";

const wish: ConfigWish = {
  pluginUrl: "file:///opt/oh-my-qwencoder/dist/plugin.js",
  formerPluginUrls: [],
  pluginOptions: { model: "aegis/m" },
  baseUrl: undefined,
  defaultBaseUrl: "http://127.0.0.1:8001/v1",
  apiKeyEnv: undefined,
  model: "m",
  context: undefined,
  global: false,
  keepSnapshots: false,
  routedProviders: [],
};

/** A configuration as people write it: comments anywhere, trailing commas or not, any indentation and line end. */
const written = fc
  .record({
    values: fc.uniqueArray(
      fc.constantFrom(
        '"theme": "x"',
        '"plugin": [\n~~"one",~# two\n~~["two", {}]\n~]',
        '"provider": {\n~~"corp": {}\n~}',
        '"keybinds": {"a": "b"}',
        '"plugin": []',
      ),
      { selector: (line) => line.split(":")[0], maxLength: 4 },
    ),
    comments: fc.array(fc.constantFrom("", " // note", " /* a, b */", '\n~// own line, with "quotes" }'), {
      minLength: 5,
      maxLength: 5,
    }),
    trailing: fc.boolean(),
    indent: fc.constantFrom("  ", "\t", "    "),
    eol: fc.constantFrom("\n", "\r\n"),
    bom: fc.boolean(),
    end: fc.constantFrom("", "\n"),
  })
  .map(({ values, comments, trailing, indent, eol, bom, end }) => {
    const lines = values.map((value, index) => {
      const comma = trailing || index < values.length - 1 ? "," : "";
      return `~${value}${comma}${comments[index] ?? ""}`;
    });
    const text = ["{", ...lines, "}"].join("\n") + end;
    return (bom ? "\uFEFF" : "") + text.replaceAll("# two", "").replaceAll("~", indent).replaceAll("\n", eol);
  });

const value = (text: string) => parse(text.replace(/^\uFEFF/, ""), [], { allowTrailingComma: true });

it("keeps a person's model, and says where its provider is one that OpenCode will not load", () => {
  const notes = (text: string) => {
    const plan = planConfig(text, {}, wish);
    if (!plan.ok) throw new Error(plan.detail);
    return plan.notes.filter(({ kind }) => kind === "model-hidden");
  };
  expect(notes('{"model": "ollama/qwen"}')).toEqual([
    { kind: "model-hidden", key: "model", value: "ollama/qwen", provider: "ollama", enabled: "aegis" },
  ]);
  expect(notes('{"small_model": "ollama/qwen", "enabled_providers": ["ollama"]}')).toEqual([]);
  expect(notes("{}")).toEqual([]);
});

it("adds without losing a word, does nothing the second time, and takes all of it out again", () => {
  fc.assert(
    fc.property(written, (text) => {
      const plan = planConfig(text, {}, wish);
      if (!plan.ok) throw new Error(plan.detail);
      const before = value(text);
      const after = value(plan.after);
      expect(after).toMatchObject({ model: "aegis/m", share: "disabled", enabled_providers: ["aegis"] });
      expect(after.plugin).toEqual([...(before.plugin ?? []), [wish.pluginUrl, wish.pluginOptions]]);
      expect(Object.keys(after.provider)).toEqual([...Object.keys(before.provider ?? {}), "aegis"]);
      for (const comment of text.match(/\/\/[^\r\n]*|\/\*.*?\*\//g) ?? []) {
        expect(plan.after.split(comment).length).toBeGreaterThanOrEqual(text.split(comment).length);
      }
      expect(plan.after.includes("\r\n")).toBe(text.includes("\r\n"));

      const again = planConfig(plan.after, {}, wish, plan.owned);
      expect(again).toMatchObject({ ok: true, after: plan.after });

      const restored = withoutOurs(plan.after, plan.owned) ?? "";
      expect(value(restored)).toEqual(before);
      for (const comment of text.match(/\/\/[^\r\n]*|\/\*.*?\*\//g) ?? []) {
        expect(restored.split(comment).length).toBe(text.split(comment).length);
      }
      // Lists and objects written on one line are reflowed by the edit; everything else comes back to the letter.
      if (!text.includes("[]") && !/\{\s*\}\s*$/.test(text)) expect(restored).toBe(text);
    }),
    { numRuns: 500 },
  );
});
