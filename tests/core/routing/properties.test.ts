import fc from "fast-check";
import { expect, it } from "vitest";
import { decideRoute } from "../../../src/core/routing/decideRoute.ts";
import { nextHop } from "../../../src/core/routing/hop.ts";
import { makePolicy, type PolicySettings } from "../../../src/core/routing/policy.ts";
import { SPECIALISTS } from "../../../src/core/routing/specialists.ts";
import { FUSION_MODES } from "../../../src/core/routing/verdict.ts";

const AGENTS = [
  ...SPECIALISTS.high,
  ...SPECIALISTS.medium,
  ...SPECIALISTS.low,
  "commander",
  "worker",
  "scout",
  "librarian",
];
const provider = fc.constantFrom(
  "local",
  "claude",
  "openai",
  "gemini",
  "zai",
  "google",
  "anthropic",
  "LOCAL ",
  "vllm",
  "own",
  "local2",
);
const providers = fc.array(provider, { maxLength: 4 });
const agentNames = fc.subarray([...AGENTS], { maxLength: 6 });
const target = fc.record({ provider, model: fc.option(fc.constantFrom("m", "claude/opus"), { nil: undefined }) });
const percent = fc.integer({ min: 0, max: 100 });
const settings: fc.Arbitrary<PolicySettings> = fc.record(
  {
    enabled: fc.boolean(),
    primary: provider,
    autoDelegate: fc.boolean(),
    hybridFrom: percent,
    threshold: percent,
    tiers: fc.record({ high: providers, medium: providers, low: providers }, { requiredKeys: [] }),
    fallback: providers,
    preferPrimary: agentNames,
    preferSecondary: agentNames,
    overrides: fc.dictionary(fc.constantFrom(...AGENTS), target, { maxKeys: 4 }),
    rules: fc.array(
      fc.record({
        name: fc.constant("r"),
        when: fc.record(
          { agent: agentNames, mode: fc.subarray([...FUSION_MODES]), utilisation: fc.record({ atLeast: percent }) },
          { requiredKeys: [] },
        ),
        to: target,
      }),
      { maxLength: 3 },
    ),
    providers: fc.dictionary(
      provider,
      fc.record(
        { enabled: fc.boolean(), name: fc.constant("local"), hostProvider: fc.constant("aegis") },
        { requiredKeys: [] },
      ),
      { maxKeys: 3 },
    ),
  },
  { requiredKeys: [] },
);
const ids = ["local", "claude", "openai", "gemini", "zai", "own"];
const health = fc.record({
  fallback: fc.option(fc.constant("quota"), { nil: undefined }),
  providers: fc.dictionary(
    fc.constantFrom(...ids),
    fc.record({
      percent: fc.option(percent, { nil: undefined }),
      cooling: fc.boolean(),
      full: fc.option(fc.boolean(), { nil: undefined }),
    }),
  ),
});
const question = fc.record({
  agent: fc.constantFrom(...AGENTS),
  mode: fc.constantFrom(...FUSION_MODES),
  session: fc.string({ maxLength: 6 }),
  exclude: fc.subarray(ids),
});
const RUNS = { numRuns: 3_000 };

it("no path leads outside while routing.external.enabled is false", () => {
  fc.assert(
    fc.property(settings, health, question, (own, state, asked) => {
      const policy = makePolicy({ ...own, externalAllowed: false });
      for (const verdict of [
        decideRoute(policy, state, asked),
        ...(asked.exclude.length > 0 ? [nextHop(policy, state, asked, asked.exclude)] : []),
      ]) {
        if (verdict.kind === "routed") expect(verdict.provider).toBe("local");
        if (verdict.kind === "blocked") expect(verdict.rule).toBe("routing.external.enabled");
      }
    }),
    RUNS,
  );
});

it("what is allowed decides whether, never where: the verdict is the same or it is blocked", () => {
  fc.assert(
    fc.property(settings, health, question, (own, state, asked) => {
      const open = decideRoute(makePolicy({ ...own, externalAllowed: true }), state, asked);
      const closed = decideRoute(makePolicy({ ...own, externalAllowed: false }), state, asked);
      if (open.kind === "routed" && open.provider !== "local")
        expect(closed).toMatchObject({ kind: "blocked", wanted: open.provider });
      else expect(closed).toEqual(open);
    }),
    RUNS,
  );
});

it("a hop never goes back to what failed", () => {
  fc.assert(
    fc.property(settings, health, question, (own, state, asked) => {
      const hop = nextHop(makePolicy({ ...own, externalAllowed: true }), state, asked, asked.exclude);
      if (hop.kind === "routed") expect(asked.exclude).not.toContain(hop.provider);
    }),
    RUNS,
  );
});

it("a decision depends on nothing but what it is asked", () => {
  fc.assert(
    fc.property(settings, health, question, (own, state, asked) => {
      const policy = makePolicy({ ...own, externalAllowed: true });
      expect(decideRoute(policy, state, asked)).toEqual(decideRoute(policy, state, asked));
    }),
    { numRuns: 500 },
  );
});
