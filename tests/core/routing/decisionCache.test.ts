import fc from "fast-check";
import { expect, it } from "vitest";
import { decideRoute } from "../../../src/core/routing/decideRoute.ts";
import { DecisionCache } from "../../../src/core/routing/decisionCache.ts";
import { makePolicy } from "../../../src/core/routing/policy.ts";
import { SPECIALISTS } from "../../../src/core/routing/specialists.ts";
import { FUSION_MODES } from "../../../src/core/routing/verdict.ts";
import { CLAUDE, used } from "./asked.ts";

const AGENTS = [...SPECIALISTS.high, ...SPECIALISTS.medium, ...SPECIALISTS.low];

it("never says anything else than the policy, whatever was asked before", () => {
  const policies = [
    makePolicy(CLAUDE),
    makePolicy({ ...CLAUDE, rules: [{ name: "r", when: { task: ["x"] }, to: { provider: "local" } }] }),
  ];
  const question = fc.record({
    agent: fc.constantFrom(...AGENTS, "nobody"),
    mode: fc.constantFrom(...FUSION_MODES),
    session: fc.constantFrom("a", "b", "c"),
    task: fc.constantFrom("x", "y"),
    exclude: fc.subarray(["claude", "openai"]),
  });
  const asked = fc.array(fc.tuple(question, fc.constantFrom(10, 75, 80, 95)), { maxLength: 60 });
  fc.assert(
    fc.property(asked, fc.constantFrom(...policies), (questions, policy) => {
      const cache = new DecisionCache(8);
      let epoch = 0;
      let last = -1;
      for (const [one, percent] of questions) {
        if (percent !== last) epoch += 1;
        last = percent;
        const health = used({ claude: percent });
        expect(cache.decide(policy, health, one, epoch)).toEqual(decideRoute(policy, health, one));
        expect(cache.size).toBeLessThanOrEqual(8);
      }
    }),
  );
});

it("forgets with every epoch", () => {
  const cache = new DecisionCache();
  const policy = makePolicy(CLAUDE);
  const question = { agent: "executor", mode: "off", session: "s" } as const;
  const before = cache.decide(policy, used({}), question, 1);
  expect(cache.decide(policy, used({}), question, 1)).toBe(before);
  expect(cache.decide(policy, { providers: {}, fallback: "quota" }, question, 2)).toMatchObject({ provider: "openai" });
});
