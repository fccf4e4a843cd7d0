import { describe, expect, it } from "vitest";
import { type FusionState, NO_FUSION_STATE } from "../../../src/core/routing/fusionState.ts";
import { type LimitWindow, limitWindow } from "../../../src/core/routing/limits/window.ts";
import { makePolicy, type PolicySettings } from "../../../src/core/routing/policy.ts";
import type { LimitSources } from "../../../src/runtime/routing/policyState.ts";
import { RoutingDesk } from "../../../src/runtime/routing/routingDesk.ts";
import { ExternalBlocked, NobodyLeft, UnknownAgent } from "../../../src/runtime/routing/routingErrors.ts";

const HOUR = 3_600_000;

/** A desk over a store in memory, with a clock that the test moves. */
function desk(settings: PolicySettings, fusionDefault = false, sources: LimitSources = {}) {
  const kept: { windows: LimitWindow[]; fusion: FusionState; reads: number } = {
    windows: [],
    fusion: NO_FUSION_STATE,
    reads: 0,
  };
  const clock = { now: 1_000_000_000_000 };
  const log: Record<string, unknown>[] = [];
  const notes: unknown[] = [];
  const deeds: unknown[] = [];
  const one = new RoutingDesk(makePolicy(settings), fusionDefault, {
    store: {
      limits: async () => {
        kept.reads += 1;
        return kept.windows;
      },
      saveLimits: async (windows) => {
        kept.windows = [...windows];
      },
      fusion: async () => kept.fusion,
      saveFusion: async (state) => {
        kept.fusion = state;
      },
    },
    now: () => clock.now,
    pick: (names) => names[0] ?? "",
    record: (entry) => void log.push({ ...entry }),
    log: (message, error) => void notes.push([message, error]),
    did: (provider, what) => void deeds.push([provider, what]),
    sources,
  });
  const claude = (percent: number) => {
    const common = { provider: "claude", source: "test", observedAt: clock.now };
    kept.windows = [limitWindow(common, "weekly", percent)];
  };
  const provider = async (agent: string, session: string, lasting = false) =>
    (await one.choose({ agent, session, lasting }))?.providerID;
  return { one, kept, clock, log, notes, deeds, claude, provider };
}

const CLAUDE: PolicySettings = { primary: "claude", externalAllowed: true };
const failed = (provider: string, failure: "quota" | "rate" | "unknown", retryAfterMs?: number) => ({
  session: "w",
  role: "worker",
  provider,
  failure,
  retryAfterMs,
});

describe("RoutingDesk", () => {
  it("asks and reads nothing where the policy can lead nowhere but to the local model", async () => {
    const { one, kept, log } = desk({});
    expect(one.matters).toBe(false);
    expect(await one.choose({ agent: "worker", session: "w" })).toBeUndefined();
    expect(one.failed(failed("aegis", "quota"))).toBe(false);
    expect([kept.reads, log]).toEqual([0, []]);
  });

  it("answers in the host's words and logs every decision", async () => {
    const { one, log } = desk(CLAUDE, true);
    expect(await one.choose({ agent: "worker", session: "w" })).toEqual({
      providerID: "openai",
      modelID: "gpt-5.2-codex",
    });
    expect(log).toEqual([
      expect.objectContaining({
        type: "decided",
        session: "w",
        agent: "worker",
        decision: "route",
        mode: "always",
        utilisation: null,
        durationUs: expect.any(Number),
      }),
    ]);
  });

  it("throws the rule's name where something outside is not allowed", async () => {
    const { one } = desk({ tiers: { low: ["gemini"] } }, true);
    await expect(one.choose({ agent: "scout", session: "s" })).rejects.toThrow(ExternalBlocked);
    await expect(one.choose({ agent: "scout", session: "s" })).rejects.toThrow("routing.external.enabled");
    expect((await one.choose({ agent: "worker", session: "w" }))?.providerID).toBe("aegis");
  });

  it("a limit holds from 90 to 85 %, over processes, and never moves work that runs", async () => {
    const { claude, provider, kept } = desk(CLAUDE);
    claude(80);
    expect(await provider("worker", "running", true)).toBe("anthropic");
    claude(92);
    expect(await provider("worker", "new", true)).toBe("openai");
    expect(await provider("worker", "running", true)).toBe("anthropic");
    expect(kept.fusion.full).toEqual(["claude"]);
    claude(87);
    expect(await provider("worker", "later", true)).toBe("openai");
    claude(85);
    expect(await provider("worker", "last", true)).toBe("anthropic");
    expect(await provider("worker", "new", true)).toBe("openai");
  });

  it("a failed primary rests, the chain takes over for everybody, and it comes back by itself", async () => {
    const { one, clock, kept, log, provider } = desk(CLAUDE);
    expect(await provider("worker", "w", true)).toBe("anthropic");
    expect(one.failed(failed("anthropic", "rate", 2 * HOUR))).toBe(true);
    expect(await provider("worker", "w", true)).toBe("openai");
    expect(await provider("scout", "s", true)).toBe("openai");
    expect(kept.fusion.fallback).toEqual({ why: "claude rate", since: clock.now, until: clock.now + 2 * HOUR });
    clock.now += 2 * HOUR - 1;
    expect(await provider("worker", "x")).toBe("openai");
    clock.now += 1;
    expect(await provider("worker", "x")).toBe("anthropic");
    expect(kept.fusion.fallback).toBeUndefined();
    expect(log.map(({ type }) => type)).toEqual([
      "decided",
      "failed",
      "decided",
      "decided",
      "decided",
      "recovered",
      "decided",
    ]);
  });

  it("says that nobody else can do it where the chain is empty or the failure is nobody's fault", () => {
    expect(desk({ ...CLAUDE, fallback: [] }).one.failed(failed("anthropic", "quota"))).toBe(false);
    expect(desk(CLAUDE).one.failed(failed("anthropic", "unknown"))).toBe(false);
    expect(desk(CLAUDE).one.failed(failed("somebody", "quota"))).toBe(false);
  });

  it("goes on where the failed one of the chain left off", async () => {
    const { one, provider } = desk(CLAUDE);
    one.failed(failed("anthropic", "quota"));
    expect(await provider("worker", "w", true)).toBe("openai");
    expect(one.failed(failed("openai", "quota"))).toBe(true);
    expect(await provider("worker", "w", true)).toBe("google");
    expect(one.failed(failed("google", "quota"))).toBe(true);
    expect(await provider("worker", "w", true)).toBe("aegis");
    expect(one.failed(failed("aegis", "quota"))).toBe(false);
  });

  it("a keyword's mode holds for its task and ends with it", async () => {
    const { one, provider } = desk(CLAUDE);
    expect(one.beginTask("always")).toBe(true);
    expect(await provider("scout", "a")).toBe("google");
    expect(one.beginTask()).toBe(false);
    expect(await provider("scout", "a")).toBe("anthropic");
    expect(desk({}).one.beginTask("always")).toBe(false);
  });

  it("a state that cannot be kept holds in this process all the same", async () => {
    const { one, kept, provider } = desk(CLAUDE);
    const full = NO_FUSION_STATE;
    Object.defineProperty(kept, "fusion", {
      get: () => full,
      set: () => {
        throw new Error("disk full");
      },
    });
    one.failed(failed("anthropic", "quota"));
    expect(await provider("worker", "w")).toBe("openai");
    expect(await provider("worker", "w")).toBe("openai");
  });

  it("keeps to what it knows where its state cannot be read, and says so", async () => {
    const { one, kept, notes } = desk(CLAUDE);
    Object.defineProperty(kept, "fusion", {
      get: () => {
        throw new Error("broken file");
      },
    });
    expect((await one.choose({ agent: "worker", session: "w" }))?.providerID).toBe("anthropic");
    expect(notes).toEqual([[expect.stringContaining("cannot be read"), expect.any(Error)]]);
  });

  it("answers a job or a run with provider, model and reason, and says why it cannot", async () => {
    const { one, log } = desk(CLAUDE, true);
    const job = { kind: "job", agent: "oh-my-claudecode:executor", session: "j1" } as const;
    expect(await one.ask(job)).toEqual({
      provider: "openai",
      model: "gpt-5.2-codex",
      host: { providerID: "openai", modelID: "gpt-5.2-codex" },
      tier: "medium",
      reason: { code: "fusion-always", detail: "MEDIUM by tier" },
    });
    expect(await one.ask({ ...job, mode: "off" })).toMatchObject({ provider: "claude", reason: { code: "default" } });
    expect(log[0]).toMatchObject({ type: "decided", kind: "job", session: "j1", provider: "openai" });
    await expect(one.ask({ ...job, agent: "nobody" })).rejects.toThrow(UnknownAgent);
    await expect(desk({ primary: "claude" }).one.ask(job)).rejects.toThrow(ExternalBlocked);
    expect(await desk({}).one.ask(job)).toMatchObject({ provider: "local", reason: { code: "default" } });
  });

  it("never answers with who failed the work already", async () => {
    const { one } = desk(CLAUDE);
    const run = { kind: "cli", agent: "executor", session: "r" } as const;
    const seen: string[] = [];
    for (let failed: string[] = []; seen.length < 4; failed = [...seen]) {
      seen.push((await one.ask({ ...run, failed })).provider);
    }
    expect(seen).toEqual(["claude", "openai", "gemini", "local"]);
    await expect(one.ask({ ...run, failed: seen })).rejects.toThrow(NobodyLeft);
  });

  it("a failed run rests its provider for exactly as long as it was asked to", async () => {
    const { one, kept, clock, log } = desk(CLAUDE);
    const run = { session: "r", agent: "executor", provider: "claude" };
    expect(one.runFailed({ ...run, failure: { kind: "rate", retryAfterMs: 61_234 } })).toBe(true);
    await one.ask({ kind: "cli", agent: "executor", session: "r" });
    expect(kept.fusion.cooldowns).toEqual([{ provider: "claude", until: clock.now + 61_234, why: "rate" }]);
    expect(log[0]).toMatchObject({ type: "failed", retryAfterMs: 61_234, next: "openai" });
    expect(Date.parse(String(log[0]?.coolingUntil)) - Date.parse(String(log[0]?.timestamp))).toBe(61_234);
  });

  it("hears limits in headers, whoever sends them, and keeps them for other processes", async () => {
    const { one, kept, clock, provider } = desk(CLAUDE);
    const headers = (utilization: string) => (name: string) =>
      ({
        "anthropic-ratelimit-unified-5h-utilization": utilization,
        "anthropic-ratelimit-unified-5h-reset": String((clock.now + HOUR) / 1000),
      })[name] ?? null;
    one.heardHeaders("anthropic", headers("0.5"));
    expect(await provider("worker", "a")).toBe("anthropic");
    one.heardHeaders("anthropic", headers("0.91"));
    expect(await provider("worker", "b")).toBe("openai");
    await expect.poll(() => kept.windows).toMatchObject([{ provider: "claude", windowKind: "5h", usedPercent: 91 }]);
    // An exhausted window's reset is how long a quota rests.
    one.runFailed({ session: "b", agent: "worker", provider: "claude", failure: { kind: "quota" } });
    await provider("worker", "b");
    expect(kept.fusion.cooldowns).toMatchObject([{ provider: "claude", until: clock.now + HOUR }]);
  });

  it("the local server's load counts while it is fresh, and is kept in no file", async () => {
    const load = { percent: 95 };
    const own: PolicySettings = { externalAllowed: true, tiers: { low: ["gemini"] } };
    const { one, kept, clock } = desk(own, false, {
      localLoad: async () => {
        const common = { provider: "local", source: "vllm-metrics", observedAt: clock.now };
        return { ok: true, windows: [limitWindow(common, "gpu", load.percent)] };
      },
    });
    const ask = async () => (await one.ask({ kind: "job", agent: "writer", session: "s" })).provider;
    expect(await ask()).toBe("gemini");
    load.percent = 20;
    clock.now += 1000;
    expect(await ask()).toBe("local");
    expect(kept.windows).toEqual([]);
  });

  it("asks the usage endpoints as often as it may, and no oftener", async () => {
    let asked = 0;
    const { one, kept, clock } = desk(CLAUDE, false, {
      endpoints: {
        everyMs: 60_000,
        ask: async () => {
          asked += 1;
          const common = { provider: "claude", source: "claude-usage", observedAt: clock.now };
          return [limitWindow(common, "weekly", 93)];
        },
      },
    });
    const ask = async () => (await one.ask({ kind: "job", agent: "executor", session: "s" })).provider;
    await ask();
    await expect.poll(() => kept.windows.length).toBe(1);
    expect(await ask()).toBe("openai");
    expect(asked).toBe(1);
    clock.now += 60_000;
    await ask();
    expect(asked).toBe(2);
  });

  it("counts each answer of a session it decided about once, and whether the primary was kept from it", async () => {
    const { one, log, provider } = desk(CLAUDE, true);
    const answer = { session: "w", id: "msg_2", provider: "openai", tokens: { input: 90, output: 10 } };
    one.used(answer);
    await provider("worker", "w");
    for (const more of [answer, answer, { ...answer, id: "msg_1" }, { ...answer, session: "stranger" }]) one.used(more);
    one.used({ ...answer, id: "msg_3", provider: "anthropic" });
    expect(log.filter(({ type }) => type === "used")).toMatchObject([
      { provider: "openai", routed: true, tokens: { input: 90, output: 10 } },
      { provider: "claude", routed: false },
    ]);
  });

  it("tells whoever picks how long an answer took, by the registry's name, and only where anybody picks", () => {
    const { one, deeds } = desk(CLAUDE, true);
    one.answered("anthropic", 1_200);
    one.answered("somebody-else", 5);
    expect(deeds).toEqual([["claude", { latencyMs: 1_200 }]]);
    const idle = desk({});
    idle.one.answered("aegis", 5);
    expect(idle.deeds).toEqual([]);
  });

  it("takes a default that was written anew, over what the command line switched", async () => {
    const { one, kept, provider } = desk(CLAUDE);
    kept.fusion = { ...NO_FUSION_STATE, mode: "off" };
    await one.setDefault(true);
    expect(kept.fusion.mode).toBeUndefined();
    expect(await provider("worker", "w")).toBe("openai");
    await one.setDefault(false);
    expect(await provider("worker", "v")).toBe("anthropic");
  });

  it("a longer rest of the primary outlasts the shorter one that began the fallback, a person's switch neither", async () => {
    const { one, kept, clock, provider } = desk(CLAUDE);
    one.failed(failed("anthropic", "rate", 30_000));
    one.failed(failed("anthropic", "quota"));
    clock.now += 31_000;
    expect(await provider("worker", "w")).toBe("openai");
    expect(kept.fusion.fallback).toMatchObject({ why: "claude quota", until: clock.now - 31_000 + HOUR });
    kept.fusion = { ...kept.fusion, fallback: { why: "a person", since: clock.now } };
    await provider("worker", "x");
    one.failed(failed("anthropic", "quota", 9 * HOUR));
    await provider("worker", "x");
    expect(kept.fusion.fallback).toEqual({ why: "a person", since: clock.now });
  });
});
