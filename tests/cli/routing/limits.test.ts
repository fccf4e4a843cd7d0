import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { cli, makeWorld, put } from "../io.ts";

type World = ReturnType<typeof makeWorld>;
const run = (world: World, words: string[], stdin = "") =>
  cli(words, { cwd: world.project, env: world.env, readStdin: () => Promise.resolve(stdin) });
const fixture = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../fixtures/limits/${name}`, import.meta.url)), "utf8");
const shown = async (world: World) => JSON.parse((await run(world, ["limits", "--json"])).out);
const HOUR = 3_600;

function statusLine(five: number, week: number): string {
  const now = Math.floor(Date.now() / 1000);
  return JSON.stringify({
    rate_limits: {
      five_hour: { used_percentage: five, resets_at: now + HOUR },
      seven_day: { used_percentage: week, resets_at: now + 48 * HOUR },
    },
  });
}

describe("limits", () => {
  it("says unknown where nothing is known, not 0", async () => {
    const world = makeWorld();
    expect((await shown(world)).providers.claude.usedPercent).toBeNull();
    expect((await run(world, ["limits"])).out).toContain("Unknown is not 0");
  });

  it("keeps what the status line says, for other processes", async () => {
    const world = makeWorld();
    const { code, out } = await run(world, ["limits", "statusline"], statusLine(23.5, 41.2));
    expect([code, out]).toEqual([0, "C:0↓ 0↑|O:0↓ 0↑|G:0↓ 0↑|L:0↓ 0↑ · 5h:24% wk:41%\n"]);
    expect((await shown(world)).providers.claude.usedPercent).toBe(41.2);
    await run(world, ["limits", "statusline"], statusLine(92, 41.2));
    const { providers, windows } = await shown(world);
    expect(providers.claude.usedPercent).toBe(92);
    expect(windows).toHaveLength(2);
  });

  it("takes a status line without limits for unknown, and refuses what is none", async () => {
    const world = makeWorld();
    expect(await run(world, ["limits", "statusline"], "{}")).toMatchObject({
      code: 0,
      out: "C:0↓ 0↑|O:0↓ 0↑|G:0↓ 0↑|L:0↓ 0↑\n",
    });
    expect(await run(world, ["limits", "statusline"], "no json")).toMatchObject({
      code: 1,
      err: expect.stringContaining("settings.json"),
    });
  });

  it("can be set by hand, which a source does not undo", async () => {
    const world = makeWorld();
    expect((await run(world, ["limits", "set", "anthropic", "5h=40", "weekly=70"])).code).toBe(0);
    await run(world, ["limits", "statusline"], statusLine(95, 95));
    expect((await shown(world)).providers.claude.usedPercent).toBe(70);
    expect((await run(world, ["limits", "set", "claude", "5h=140"])).code).toBe(2);
    expect(JSON.parse((await run(world, ["limits", "set", "claude", "5h=1", "--json"])).out)).toMatchObject({
      ok: true,
      provider: "claude",
    });
  });

  it("reads Codex's session files and asks nobody while nothing outside is allowed", async () => {
    const world = makeWorld();
    const line = JSON.parse(fixture("codex-rollout.jsonl").split("\n")[1] ?? "");
    const fresh = JSON.stringify({ ...line, timestamp: new Date().toISOString() });
    put(join(world.home, ".codex/sessions/2026/11/21/rollout-2026-11-21T11-50-00-r1.jsonl"), `${fresh}\n`);
    put(join(world.home, ".codex/sessions/2026/11/21/rollout-2026-11-21T11-59-00-r2.jsonl"), "{}\n");
    const { code, out } = await run(world, ["limits", "read", "--json"]);
    expect([code, Object.keys(JSON.parse(out).sources)]).toEqual([0, ["codex-rollout"]]);
    expect((await shown(world)).providers.openai.usedPercent).toBe(10);
  });

  it("warns once the primary is at 70 % and switches nothing", async () => {
    const world = makeWorld();
    put(
      join(world.home, ".config/oh-my-qwencoder/aegis.jsonc"),
      JSON.stringify({ routing: { primary: "claude", external: { enabled: true } } }),
    );
    await run(world, ["limits", "set", "claude", "5h=75"]);
    expect((await shown(world)).warning).toContain("fusion save-tokens");
    expect(JSON.parse((await run(world, ["fusion", "status", "--json"])).out).mode).toBe("off");
    await run(world, ["fusion", "auto"]);
    expect((await shown(world)).warning).toBeUndefined();
  });

  it("names a state file that cannot be used", async () => {
    const world = makeWorld();
    const path = put(join(world.home, ".local/state/oh-my-qwencoder/limits.json"), "{broken");
    expect(await run(world, ["limits"])).toMatchObject({ code: 1, err: expect.stringContaining(path) });
  });
});

describe("fusion", () => {
  it.each([
    ["on", "always"],
    ["auto", "auto"],
    ["save-tokens", "save-tokens"],
    ["off", "off"],
  ])("%s switches to %s, for the next process too", async (word, mode) => {
    const world = makeWorld();
    expect(JSON.parse((await run(world, ["fusion", word, "--json"])).out)).toMatchObject({ ok: true, mode });
    expect(JSON.parse((await run(world, ["fusion", "status", "--json"])).out).mode).toBe(mode);
  });

  it("switches the fallback on and off, with its reason", async () => {
    const world = makeWorld();
    put(
      join(world.home, ".config/oh-my-qwencoder/aegis.jsonc"),
      JSON.stringify({ routing: { primary: "claude", external: { enabled: true } } }),
    );
    expect(JSON.parse((await run(world, ["fusion", "fallback", "--json"])).out).fallback).toMatchObject({
      active: true,
      chain: ["openai", "gemini", "local"],
      why: "switched on by a person",
    });
    expect(JSON.parse((await run(world, ["fusion", "fallback", "off", "--json"])).out).fallback.active).toBe(false);
  });

  it("refuses a fallback that leads nowhere, and says when a mode changes nothing", async () => {
    const world = makeWorld();
    expect(await run(world, ["fusion", "fallback"])).toMatchObject({
      code: 1,
      err: expect.stringContaining("routing.fallback"),
    });
    expect((await run(world, ["fusion", "on"])).out).toContain("Nothing leaves the local model");
  });

  it("shows what was counted, no fallback whose time has passed, and that work stops where nothing outside is allowed", async () => {
    const world = makeWorld();
    const own = join(world.home, ".config/oh-my-qwencoder/aegis.jsonc");
    const state = join(world.home, ".local/state/oh-my-qwencoder");
    put(own, JSON.stringify({ routing: { primary: "claude", external: { enabled: true } } }));
    put(
      join(state, "fusion.json"),
      JSON.stringify({ fallback: { why: "claude quota", since: 1, until: 2 }, cooldowns: [], full: [] }),
    );
    put(
      join(state, "routing.jsonl"),
      `${JSON.stringify({ type: "decided", decision: "route", provider: "openai" })}
${JSON.stringify({ type: "used", provider: "openai", routed: true, tokens: { input: 7, output: 3 } })}
`,
    );
    const shown = JSON.parse((await run(world, ["fusion", "status", "--json"])).out);
    expect(shown).toMatchObject({
      fallback: { active: false },
      routed: { openai: { decided: 1, failed: 0, tokens: { input: 7, output: 3 } } },
      savedTokens: 10,
    });
    expect((await run(world, ["fusion", "status"])).out).toContain("Kept from claude: about 10 tokens");
    put(own, JSON.stringify({ routing: { primary: "claude" } }));
    expect((await run(world, ["fusion", "status"])).out).toContain("Work stops");
  });
});
