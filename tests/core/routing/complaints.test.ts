import { describe, expect, it } from "vitest";
import { classifyFailure } from "../../../src/core/gate/classifyFailure.ts";
import { afterFailure, type Cooldown, routeFailureKind, withCooldown } from "../../../src/core/routing/failure.ts";
import type { RoutingHealth } from "../../../src/core/routing/health.ts";
import { nextHop } from "../../../src/core/routing/hop.ts";
import { makePolicy } from "../../../src/core/routing/policy.ts";
import { proseLimit } from "../../../src/core/routing/proseLimit.ts";
import { ask, CLAUDE, gist } from "./asked.ts";

/** What users of other routers complained about, one each. */
const NOW = 1_795_262_400_000;
const HOUR = 3_600_000;

function resting(cooldowns: readonly Cooldown[], now = NOW): RoutingHealth {
  const providers = Object.fromEntries(cooldowns.map(({ provider, until }) => [provider, { cooling: until > now }]));
  return { providers };
}

describe("complaints about other routers", () => {
  it("an exhausted budget cools until its reset", () => {
    const after = afterFailure("openai", { kind: "quota", resetsAt: NOW + 3 * HOUR }, 1, NOW);
    expect(after).toEqual({ kind: "next", cool: { provider: "openai", until: NOW + 3 * HOUR, why: "quota" } });
    expect(afterFailure("openai", { kind: "quota" }, 1, NOW)).toMatchObject({ cool: { until: NOW + HOUR } });
    const passed = { kind: "quota", resetsAt: NOW - 1 } as const;
    expect(afterFailure("openai", passed, 1, NOW)).toMatchObject({ cool: { until: NOW + HOUR } });
  });

  it("a cooldown holds on every later retry too", () => {
    const after = afterFailure("openai", { kind: "quota", resetsAt: NOW + HOUR }, 1, NOW);
    const cooldowns = after.kind === "next" ? withCooldown([], after.cool, NOW) : [];
    const failing = { ...resting(cooldowns), fallback: "claude quota" };
    for (let retry = 0; retry < 5; retry += 1)
      expect(gist(ask(CLAUDE, { agent: "executor", mode: "always" }, failing))).toBe("gemini fallback");
    const later = { ...resting(cooldowns, NOW + HOUR), fallback: "claude quota" };
    expect(gist(ask(CLAUDE, { agent: "executor" }, later))).toBe("openai fallback");
  });

  it("a later, shorter failure does not cut a rest short", () => {
    const long = { provider: "openai", until: NOW + 3 * HOUR, why: "quota" } as const;
    const short = { provider: "openai", until: NOW + 1000, why: "rate" } as const;
    expect(withCooldown([long], short, NOW)).toEqual([long]);
    expect(withCooldown([short], long, NOW)).toEqual([long]);
  });

  it.each([1, 500, 7_000, 61_000, 5 * HOUR, 400 * HOUR])(
    "Retry-After of %d ms is kept to the letter, never clamped",
    (ms) => {
      const after = afterFailure("openai", { kind: "rate", retryAfterMs: ms }, 1, NOW);
      const waited = after.kind === "retry" ? after.waitMs : after.kind === "next" ? after.cool.until - NOW : 0;
      expect(waited).toBe(ms);
      expect(afterFailure("openai", { kind: "rate", retryAfterMs: ms }, 2, NOW)).toMatchObject({
        cool: { until: NOW + ms },
      });
    },
  );

  it("529 falls over: one retry with a backoff, then the next", () => {
    const kind = routeFailureKind(classifyFailure({ status: 529, body: "Overloaded" }).kind);
    expect(kind).toBe("overload");
    expect(afterFailure("claude", { kind }, 1, NOW)).toMatchObject({ kind: "retry" });
    expect(afterFailure("claude", { kind }, 2, NOW)).toMatchObject({ kind: "next" });
    expect(
      gist(
        nextHop(makePolicy(CLAUDE), { providers: {} }, { agent: "worker", mode: "off", session: "s" }, [
          "claude",
        ]) as never,
      ),
    ).toBe("openai fallback");
  });

  it("the model that is limited is not tried again in the same hop", () => {
    const policy = makePolicy(CLAUDE);
    const question = { agent: "worker", mode: "off", session: "s" } as const;
    const seen: string[] = [];
    for (const failed of [["claude"], ["claude", "openai"], ["claude", "openai", "gemini"]]) {
      const hop = nextHop(policy, { providers: {} }, question, failed);
      if (hop.kind === "routed") seen.push(hop.provider);
    }
    expect(seen).toEqual(["openai", "gemini", "local"]);
    expect(nextHop(policy, { providers: {} }, question, ["claude", "openai", "gemini", "local"])).toEqual({
      kind: "exhausted",
      failed: ["claude", "openai", "gemini", "local"],
    });
  });

  it("a subagent does not inherit its parent's hop: it asks for itself", () => {
    const policy = makePolicy(CLAUDE);
    const parent = nextHop(policy, { providers: {} }, { agent: "worker", mode: "off", session: "p" }, ["claude"]);
    expect(parent).toMatchObject({ provider: "openai" });
    expect(gist(ask(policy, { agent: "scout", session: "c" }))).toBe("claude default");
    const house = makePolicy({ fallback: ["openai"] });
    expect(gist(ask(house, { agent: "scout", session: "c" }))).toBe("local default");
  });

  it("a fallback hop is not routed back to the primary by a preference or a mode", () => {
    const policy = makePolicy(CLAUDE);
    for (const mode of ["off", "always", "auto", "save-tokens"] as const)
      for (const agent of ["architect", "planner", "executor"])
        expect(nextHop(policy, { providers: {} }, { agent, mode, session: "s" }, ["claude"])).toMatchObject({
          provider: "openai",
          reason: { code: "fallback" },
        });
  });

  it.each([
    ["Claude AI usage limit reached|1795271400", 1_795_271_400_000],
    [
      "You've hit your usage limit. Upgrade to Pro or try again in 2 days 3 hours 5 minutes.",
      NOW + 51 * HOUR + 300_000,
    ],
    ["You’ve hit your usage limit. Try again in 12m", NOW + 720_000],
    ["5-hour limit reached ∙ resets 3pm", undefined],
    ["Error: Weekly limit reached ∙ resets Oct 6, 1pm", undefined],
    ["You have exhausted your daily quota on this model.", undefined],
  ])("a limit that arrives as prose is a quota failure: %s", (text, resetsAt) => {
    expect(proseLimit(text, NOW)).toEqual(resetsAt === undefined ? { kind: "quota" } : { kind: "quota", resetsAt });
  });

  it.each([
    "The function throws when the usage limit is reached.",
    "I added a rate limiter. 5-hour limit reached is shown to the user when it trips.",
    `Claude usage limit reached: how I handle it\n${"an essay about limits ".repeat(40)}`,
    "",
  ])("an answer that talks about limits is no limit", (text) => {
    expect(proseLimit(text, NOW)).toBeUndefined();
  });

  it("no fallback runs where none is configured, and none to a model nobody configured", () => {
    const hop = nextHop(makePolicy(), { providers: {} }, { agent: "worker", mode: "off", session: "s" }, ["local"]);
    expect(hop).toEqual({ kind: "exhausted", failed: ["local"] });
  });

  it("a failing tool and an unknown failure burn no chain", () => {
    expect(afterFailure("claude", { kind: "tool" }, 1, NOW)).toEqual({ kind: "give-up" });
    expect(afterFailure("claude", { kind: "unknown" }, 1, NOW)).toEqual({ kind: "give-up" });
  });
});
