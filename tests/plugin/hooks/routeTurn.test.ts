import { describe, expect, it } from "vitest";
import { routeTurn } from "../../../plugin/hooks/routeTurn.ts";
import { NO_FUSION_STATE } from "../../../src/core/routing/fusionState.ts";
import { makePolicy, type PolicySettings } from "../../../src/core/routing/policy.ts";
import type { HostModel } from "../../../src/runtime/routing/routingDesk.ts";
import { RoutingDesk } from "../../../src/runtime/routing/routingDesk.ts";
import { ExternalBlocked } from "../../../src/runtime/routing/routingErrors.ts";
import type { SwarmServices } from "../../../src/runtime/services.ts";

const CLAUDE: PolicySettings = { primary: "claude", externalAllowed: true };
const agents = { commander: "commander", worker: "worker", scout: "scout", librarian: "librarian" };

function turns(settings: PolicySettings) {
  const routing = new RoutingDesk(makePolicy(settings), false, {
    store: {
      limits: async () => [],
      saveLimits: async () => undefined,
      fusion: async () => NO_FUSION_STATE,
      saveFusion: async () => undefined,
    },
    now: () => 1_000_000_000_000,
    pick: (names) => names[0] ?? "",
    record: () => undefined,
    log: () => undefined,
  });
  const services = { agents, routing, swarm: { state: undefined } } as unknown as SwarmServices;
  const model = async (agent: string, session: string, root = session) => {
    const message: { agent: string; model?: HostModel } = { agent };
    await routeTurn(
      services,
      session,
      { message, parts: [] },
      {
        stands: (provider) => provider !== "elsewhere",
        rootOf: async () => root,
        specialists: new Set(["explore"]),
      },
    );
    return message.model?.providerID;
  };
  return { routing, model };
}

describe("a session that is not the swarm's", () => {
  it("is left alone until a person switches a mode on in it, and after its task", async () => {
    const { routing, model } = turns(CLAUDE);
    expect(await model("build", "s")).toBeUndefined();
    routing.beginTask("always", "s");
    expect(await model("build", "s")).toBe("anthropic");
    expect(await model("general", "child", "s")).toBe("openai");
    expect(await model("qa-tester-low", "other child", "s")).toBe("google");
    expect(await model("build", "another")).toBeUndefined();
    routing.beginTask(undefined, "s");
    expect(await model("build", "s")).toBeUndefined();
  });

  it("of an installed specialist asks the policy, whatever is switched", async () => {
    const { model } = turns(CLAUDE);
    expect(await model("explore", "child", "s")).toBe("anthropic");
    expect(await model("writer", "child2", "s")).toBeUndefined();
  });

  it("stops with the rule where the mode leads outside and that is not allowed", async () => {
    const { routing, model } = turns({ tiers: { medium: ["openai"] } });
    routing.beginTask("always", "s");
    await expect(model("general", "child", "s")).rejects.toThrow(ExternalBlocked);
  });

  it("stops where the policy leads to a provider that the model gate does not stand before", async () => {
    const { model } = turns({ ...CLAUDE, providers: { claude: { hostProvider: "elsewhere" } } });
    await expect(model("commander", "c")).rejects.toThrow('leads to "elsewhere"');
  });
});
