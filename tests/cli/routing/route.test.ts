import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SPECIALISTS } from "../../../src/core/routing/specialists.ts";
import { cli, makeWorld, put, tree } from "../io.ts";

type World = ReturnType<typeof makeWorld>;
const explain = (world: World, ...words: string[]) =>
  cli(["route", "explain", ...words], { cwd: world.project, env: world.env });
/** As people write it: the linter takes an object with `then` for a promise. */
const SECRETS_RULE = `{"name":"secrets","when":{"task":["secret"],"time":{"from":"09:00","to":"18:00"}},"then":{"provider":"local"}}`;
const OUTSIDE = ["--primary", "claude", "--allow-external"];

describe("route explain", () => {
  it("refuses a provider that nobody describes, in --primary and --usage", async () => {
    for (const words of [
      ["--primary", "claud"],
      ["--usage", "claud=95"],
    ]) {
      const { code, err } = await explain(makeWorld(), "--agent", "executor", ...words);
      expect([code, err]).toEqual([2, expect.stringMatching(/"claud".*claude/su)]);
    }
  });

  it("answers with provider, model, tier, reason and steps, and leaves nothing behind", async () => {
    const world = makeWorld();
    const { code, out } = await explain(world, "--agent", "oh-my-claudecode:architect", "--json");
    expect(code).toBe(0);
    const verdict = JSON.parse(out);
    expect(Object.keys(verdict)).toEqual(["provider", "model", "tier", "reason", "steps"]);
    expect(verdict).toMatchObject({
      provider: "local",
      model: "qwen3-coder-next",
      tier: "HIGH",
      reason: { code: "default", detail: expect.any(String) },
    });
    for (const step of verdict.steps) expect(step).toEqual({ step: expect.any(String), outcome: expect.any(String) });
    expect(tree(world.dir)).toEqual({});
  });

  it("knows the tier of all 35 names", async () => {
    const world = makeWorld();
    for (const [tier, agents] of Object.entries(SPECIALISTS))
      for (const agent of agents) {
        const { out } = await explain(world, "--agent", agent, "--mode", "always", ...OUTSIDE, "--json");
        expect(JSON.parse(out)).toMatchObject({
          tier: tier.toUpperCase(),
          provider: { high: "claude", medium: "openai", low: "gemini" }[tier],
        });
      }
  });

  it.each([
    [["--fallback", "--mode", "always", "--usage", "claude=95"], "openai fallback"],
    [["--mode", "auto", "--usage", "claude=92"], "openai limit"],
    [["--mode", "auto", "--usage", "anthropic=50%"], "claude fusion-auto"],
    [["--mode", "always"], "openai fusion-always"],
    [["--mode", "save-tokens"], "openai save-tokens"],
    [["--usage", "claude=89"], "claude default"],
    [["--usage", "claude=95", "--usage", "openai=95"], "gemini limit"],
  ])("%j → %s", async (words, expected) => {
    const { out } = await explain(makeWorld(), "--agent", "executor", ...OUTSIDE, ...words, "--json");
    const { provider, reason } = JSON.parse(out);
    expect(`${provider} ${reason.code}`).toBe(expected);
  });

  it("stops with the rule's name where something outside is not allowed", async () => {
    const { code, out, err } = await explain(makeWorld(), "--agent", "executor", "--primary", "claude", "--json");
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      ok: false,
      provider: null,
      rule: "routing.external.enabled",
      reason: { code: "external-blocked" },
    });
    expect(err).toContain("routing.external.enabled");
  });

  it("a repository cannot allow it, nor make another host look local", async () => {
    const world = makeWorld();
    put(
      join(world.project, "aegis.jsonc"),
      JSON.stringify({
        routing: {
          external: { enabled: true },
          fallback: ["openai"],
          providers: { local: { hostProvider: "anthropic", models: { low: "claude-haiku" } } },
        },
      }),
    );
    const { code, out } = await explain(world, "--agent", "explore", "--fallback", "--json");
    expect([code, JSON.parse(out).reason.code]).toEqual([1, "external-blocked"]);
    const plain = await explain(world, "--agent", "explore", "--json");
    expect(JSON.parse(plain.out)).toMatchObject({ provider: "local", model: "qwen3-coder-next" });
  });

  it("names the configured rule and override", async () => {
    const world = makeWorld();
    put(
      join(world.home, ".config/oh-my-qwencoder/aegis.jsonc"),
      JSON.stringify({
        routing: {
          primary: "claude",
          external: { enabled: true },
          overrides: { writer: { provider: "zai", model: "glm-5" } },
          rules: [JSON.parse(SECRETS_RULE)],
        },
      }),
    );
    const rule = await explain(world, "--agent", "executor", "--task", "rotate a secret", "--time", "12:00", "--json");
    expect(JSON.parse(rule.out)).toMatchObject({
      provider: "local",
      reason: { code: "rule", detail: 'rule "secrets"' },
    });
    const evening = await explain(
      world,
      "--agent",
      "executor",
      "--task",
      "rotate a secret",
      "--time",
      "19:00",
      "--json",
    );
    expect(JSON.parse(evening.out).reason.code).toBe("default");
    const override = await explain(world, "--agent", "writer", "--json");
    expect(JSON.parse(override.out)).toMatchObject({ provider: "zai", model: "glm-5", reason: { code: "override" } });
  });

  it("says who is meant where nobody is called so", async () => {
    const { code, out, err } = await explain(makeWorld(), "--agent", "architekt", "--json");
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ ok: false, agent: "architekt" });
    expect(err).toContain("architect");
  });

  it.each([
    [["--agent", "x", "--mode", "sometimes"]],
    [["--agent", "x", "--usage", "claude"]],
    [["--agent", "x", "--usage", "claude=101"]],
    [[]],
  ])("%j is wrong usage", async (words) => {
    expect((await explain(makeWorld(), ...words)).code).toBe(2);
  });

  it("speaks both languages to people", async () => {
    const world = makeWorld();
    expect((await explain(world, "--agent", "worker")).out).toContain("because of default");
    expect((await explain(world, "--agent", "worker", "--lang", "ko")).out).toContain("이유 default");
  });
});
