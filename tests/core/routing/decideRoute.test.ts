import { describe, expect, it } from "vitest";
import { decideRoute } from "../../../src/core/routing/decideRoute.ts";
import { limitReached } from "../../../src/core/routing/hysteresis.ts";
import { makePolicy } from "../../../src/core/routing/policy.ts";
import { SPECIALISTS } from "../../../src/core/routing/specialists.ts";
import type { RouteStep } from "../../../src/core/routing/verdict.ts";
import { ask, CLAUDE, gist, used } from "./asked.ts";

const EVERY_SPECIALIST = [...SPECIALISTS.high, ...SPECIALISTS.medium, ...SPECIALISTS.low];
const sessions = Array.from({ length: 2_000 }, (_, index) => `ses_${index}`);

describe("agents", () => {
  it("knows 35 specialists, 13, 10 and 12 a tier, and the four roles", () => {
    expect([SPECIALISTS.high, SPECIALISTS.medium, SPECIALISTS.low].map((names) => names.length)).toEqual([13, 10, 12]);
    expect(new Set(EVERY_SPECIALIST).size).toBe(35);
    const tiers = ["commander", "worker", "scout", "librarian"].map((agent) => {
      const verdict = ask({}, { agent });
      return verdict.kind === "routed" && verdict.tier;
    });
    expect(tiers).toEqual(["high", "medium", "low", "low"]);
  });

  it.each(["oh-my-claudecode:architect", "omc:Architect", "architect"])("takes %s", (agent) => {
    expect(ask({}, { agent })).toMatchObject({ kind: "routed", agent: "architect", tier: "high" });
  });

  it("refuses an agent nobody knows", () => {
    expect(ask(CLAUDE, { agent: "x:architekt", mode: "always" })).toEqual({
      kind: "unknown-agent",
      agent: "architekt",
    });
  });

  it("knows a team's own agents by the tier they are given", () => {
    const settings = { ...CLAUDE, agents: { translator: "low" } } as const;
    expect(gist(ask(settings, { agent: "translator", mode: "always" }))).toBe("gemini fusion-always");
  });
});

describe("by default", () => {
  it("every agent stays on the local model in every mode, whatever fails or fills", () => {
    const states = [used({}), used({ local: 100, claude: 100 }), used({ local: 99 }, { fallback: "local refused" })];
    for (const agent of [...EVERY_SPECIALIST, "commander", "worker", "scout", "librarian"])
      for (const mode of ["off", "always", "auto", "save-tokens"] as const)
        for (const health of states)
          for (const exclude of [[], ["local"]])
            expect(ask({}, { agent, mode, exclude }, health)).toMatchObject({ kind: "routed", provider: "local" });
  });

  it.each([
    ["a primary outside", { primary: "claude" }, {}, used({})],
    ["a chain that leads outside", { fallback: ["openai", "local"] }, {}, used({}, { fallback: "local refused" })],
    ["a chain after a failure", { fallback: ["openai"] }, { exclude: ["local"] }, used({})],
    ["a tier mapped outside", { tiers: { low: ["gemini"] } }, { mode: "always" }, used({})],
    ["an override", { overrides: { explore: { provider: "anthropic" } } }, {}, used({})],
    ["a rule", { rules: [{ name: "r", when: {}, to: { provider: "openai" } }] }, {}, used({})],
    ["a provider of one's own", { overrides: { explore: { provider: "inhouse" } } }, {}, used({})],
  ] as const)("%s stops with the rule's name while nothing outside is allowed", (_, settings, question, health) => {
    const verdict = ask(settings, { agent: "explore", ...question }, health);
    expect(verdict).toMatchObject({
      kind: "blocked",
      rule: "routing.external.enabled",
      reason: { code: "external-blocked", detail: expect.stringContaining("routing.external.enabled is false") },
    });
  });

  it("stays local where the policy is switched off", () => {
    const off = { ...CLAUDE, enabled: false };
    expect(gist(ask(off, { agent: "explore", mode: "always" }))).toBe("local default");
  });
});

describe("the order", () => {
  it("is fallback, limit, mode, default", () => {
    const question = { agent: "executor", mode: "always" } as const;
    const full = used({ claude: 95 }, { fallback: "claude quota" });
    expect(gist(ask(CLAUDE, question, full))).toBe("openai fallback");
    expect(gist(ask(CLAUDE, question, used({ claude: 95 })))).toBe("openai limit");
    expect(gist(ask(CLAUDE, question, used({ claude: 50 })))).toBe("openai fusion-always");
    expect(gist(ask(CLAUDE, { ...question, mode: "off" }, used({ claude: 50 })))).toBe("claude default");
  });

  it("is what the steps tell", () => {
    const steps: RouteStep[] = [];
    decideRoute(makePolicy(CLAUDE), used({}), { agent: "writer", mode: "save-tokens", session: "s" }, steps);
    expect(steps.map(({ step }) => step)).toEqual([
      "agent",
      "fallback",
      "limit",
      "override",
      "rule",
      "prefer",
      "external",
    ]);
    const plain: RouteStep[] = [];
    decideRoute(makePolicy(CLAUDE), used({}), { agent: "analyst", mode: "off", session: "s" }, plain);
    expect(plain.map(({ step }) => step).slice(5)).toEqual(["prefer", "mode", "default", "external"]);
  });

  it("gives the same verdict with and without the steps", () => {
    for (const agent of EVERY_SPECIALIST)
      for (const percent of [0, 75, 90]) {
        const question = { agent, mode: "auto", session: "s" } as const;
        const policy = makePolicy(CLAUDE);
        expect(decideRoute(policy, used({ claude: percent }), question, [])).toEqual(
          decideRoute(policy, used({ claude: percent }), question),
        );
      }
  });
});

describe("fallback", () => {
  it("takes the first of the chain that can work, whatever the mode and the tier", () => {
    const failing = { fallback: "claude quota until 15:00" };
    for (const mode of ["off", "always", "auto", "save-tokens"] as const)
      expect(gist(ask(CLAUDE, { agent: "architect", mode }, used({}, failing)))).toBe("openai fallback");
    const cooling = { providers: { openai: { cooling: true } }, ...failing };
    expect(gist(ask(CLAUDE, { agent: "architect" }, cooling))).toBe("gemini fallback");
    const both = { providers: { openai: { cooling: true }, gemini: { percent: 97 } }, ...failing };
    expect(gist(ask(CLAUDE, { agent: "architect" }, both))).toBe("local fallback");
  });
});

describe("limit", () => {
  it("counts from 90 % on and names the window's fill", () => {
    expect(gist(ask(CLAUDE, { agent: "executor" }, used({ claude: 89.9 })))).toBe("claude default");
    const verdict = ask(CLAUDE, { agent: "executor" }, used({ claude: 92 }));
    expect(verdict).toMatchObject({ provider: "openai", reason: { code: "limit", detail: "claude-limit-92%" } });
  });

  it("sends the best tier to openai and the low one to gemini", () => {
    const full = used({ claude: 90 });
    for (const agent of SPECIALISTS.high) expect(gist(ask(CLAUDE, { agent }, full))).toBe("openai limit");
    for (const agent of SPECIALISTS.low) expect(gist(ask(CLAUDE, { agent }, full))).toBe("gemini limit");
  });

  it("takes an unknown utilisation as available, not as 0", () => {
    const steps: RouteStep[] = [];
    decideRoute(makePolicy(CLAUDE), used({}), { agent: "executor", mode: "off", session: "s" }, steps);
    expect(steps.find(({ step }) => step === "limit")?.outcome).toContain("unknown");
  });

  it("goes on at 90 and off at 85, and nothing moves between", () => {
    const readings = [84, 86, 89, 90, 89, 86, 85.1, 85, 86, 89.9, 90];
    let on = false;
    const states = readings.map((percent) => {
      on = limitReached(on, percent, 90);
      return on;
    });
    expect(states).toEqual([false, false, false, true, true, true, true, false, false, false, true]);
    expect(limitReached(true, undefined, 90)).toBe(false);
  });

  it("holds on the way down as the hysteresis says", () => {
    const held = { providers: { claude: { percent: 87, full: true } } };
    expect(gist(ask(CLAUDE, { agent: "executor", mode: "auto" }, held))).toBe("openai limit");
  });
});

describe("modes", () => {
  it("`always` sends every agent by tier and keeps the planner", () => {
    for (const agent of SPECIALISTS.high)
      expect(ask(CLAUDE, { agent, mode: "always" })).toMatchObject({ provider: "claude" });
    for (const agent of SPECIALISTS.medium)
      expect(ask(CLAUDE, { agent, mode: "always" })).toMatchObject({ provider: "openai" });
    for (const agent of SPECIALISTS.low)
      expect(ask(CLAUDE, { agent, mode: "always" })).toMatchObject({ provider: "gemini" });
    const mapped = { ...CLAUDE, tiers: { high: ["openai"] }, preferPrimary: [] };
    expect(gist(ask(mapped, { agent: "analyst", mode: "always" }))).toBe("openai fusion-always");
    expect(gist(ask(mapped, { agent: "planner", mode: "always" }))).toBe("claude default");
  });

  it("`save-tokens` moves the medium and low tiers only", () => {
    expect(gist(ask(CLAUDE, { agent: "analyst", mode: "save-tokens" }))).toBe("claude default");
    expect(gist(ask(CLAUDE, { agent: "executor", mode: "save-tokens" }))).toBe("openai save-tokens");
    expect(gist(ask(CLAUDE, { agent: "explore-high", mode: "save-tokens" }))).toBe("claude default");
    expect(gist(ask(CLAUDE, { agent: "designer-low", mode: "save-tokens" }))).toBe("gemini save-tokens");
  });

  it("`auto` stays on the primary below 70 %, preferred agents included", () => {
    for (const agent of EVERY_SPECIALIST)
      expect(gist(ask(CLAUDE, { agent, mode: "auto" }, used({ claude: 69.9 })))).toBe("claude fusion-auto");
  });

  it("`auto` sends a share away that grows between 70 and 90, the same for one agent and session", () => {
    const shareAt = (percent: number) =>
      sessions.filter((session) => {
        const verdict = ask(CLAUDE, { agent: "executor", mode: "auto", session }, used({ claude: percent }));
        return verdict.kind === "routed" && verdict.route;
      });
    const percents = [70, 75, 80, 85, 89.99];
    const away = percents.map(shareAt);
    away.forEach((moved, index) => {
      expect(Math.abs(moved.length / sessions.length - ((percents[index] ?? 0) - 70) / 20)).toBeLessThan(0.04);
      // Who left at a lower fill is still away at a higher one.
      const still = new Set(moved);
      expect((away[index - 1] ?? []).filter((session) => !still.has(session))).toEqual([]);
    });
    expect(shareAt(80)).toEqual(away[2]);
  });

  it("leaves tiers alone with autoDelegate off, and keeps limits and fallback", () => {
    const off = { ...CLAUDE, autoDelegate: false };
    expect(gist(ask(off, { agent: "explore", mode: "always" }))).toBe("claude default");
    expect(gist(ask(off, { agent: "explore", mode: "always" }, used({ claude: 91 })))).toBe("gemini limit");
    expect(gist(ask(off, { agent: "explore" }, used({}, { fallback: "quota" })))).toBe("openai fallback");
  });
});

describe("what a person set", () => {
  it("prefers only while a mode is on", () => {
    expect(gist(ask(CLAUDE, { agent: "writer" }))).toBe("claude default");
    expect(gist(ask(CLAUDE, { agent: "writer", mode: "always" }))).toBe("gemini prefer");
    expect(gist(ask(CLAUDE, { agent: "critic", mode: "always" }))).toBe("claude prefer");
  });

  it("overrides an agent, and a full primary does not move what was pinned elsewhere", () => {
    const settings = {
      ...CLAUDE,
      overrides: { "security-reviewer": { provider: "local" }, writer: { provider: "claude", model: "claude-x" } },
    };
    expect(gist(ask(settings, { agent: "security-reviewer", mode: "always" }))).toBe("local override");
    const worst = used({ claude: 99 }, { fallback: "claude quota" });
    expect(gist(ask(settings, { agent: "security-reviewer" }, worst))).toBe("local override");
    expect(ask(settings, { agent: "writer", mode: "always" })).toMatchObject({ model: "claude-x" });
    expect(gist(ask(settings, { agent: "writer" }, used({ claude: 99 })))).toBe("gemini limit");
  });

  it("follows the first rule that holds", () => {
    const rules = [
      { name: "nights", when: { time: { from: "22:00", to: "06:00" }, agent: ["*-low"] }, to: { provider: "local" } },
      { name: "secrets", when: { task: ["Secret", "비밀"] }, to: { provider: "local" } },
      {
        name: "busy",
        when: { utilisation: { atLeast: 50, below: 80 }, mode: ["always" as const] },
        to: { provider: "zai", model: "glm" },
      },
    ];
    const settings = { ...CLAUDE, rules };
    const rule = (question: Parameters<typeof ask>[1], health = used({})) => ask(settings, question, health);
    expect(rule({ agent: "executor-low", minute: 23 * 60 })).toMatchObject({
      provider: "local",
      reason: { detail: 'rule "nights"' },
    });
    expect(gist(rule({ agent: "executor-low", minute: 7 * 60 }))).toBe("claude default");
    expect(gist(rule({ agent: "executor-low" }))).toBe("claude default");
    expect(gist(rule({ agent: "executor", task: "rotate the SECRET" }))).toBe("local rule");
    expect(gist(rule({ agent: "executor", task: "비밀 값 교체" }))).toBe("local rule");
    expect(rule({ agent: "analyst", mode: "always" }, used({ claude: 60 }))).toMatchObject({
      provider: "zai",
      model: "glm",
    });
    expect(gist(rule({ agent: "analyst", mode: "always" }))).toBe("claude fusion-always");
    expect(gist(rule({ agent: "analyst", mode: "always" }, used({ claude: 80 })))).toBe("claude fusion-always");
  });

  it("asks the balancer where several providers fit a tier", () => {
    const settings = { ...CLAUDE, tiers: { medium: ["openai", "zai", "gemini"] } };
    const offered: string[][] = [];
    const health = {
      providers: { gemini: { cooling: true } },
      pick: (names: readonly string[]) => {
        offered.push([...names]);
        return "zai";
      },
    };
    expect(gist(ask(settings, { agent: "executor", mode: "always" }, health))).toBe("zai fusion-always");
    expect(offered).toEqual([["openai", "zai"]]);
  });

  it("takes aliases", () => {
    const settings = { primary: "anthropic", externalAllowed: true, tiers: { low: ["google"] }, fallback: ["GLM"] };
    expect(gist(ask(settings, { agent: "vision" }))).toBe("claude default");
    expect(gist(ask(settings, { agent: "explore", mode: "always" }))).toBe("gemini prefer");
    expect(gist(ask(settings, { agent: "explore" }, used({}, { fallback: "x" })))).toBe("zai fallback");
  });
});
