import { expect, it } from "vitest";
import { tallyRoutes } from "../../../src/core/routing/tally.ts";

it("counts by provider, and what the primary was kept from; other lines and torn ones are passed over", () => {
  const used = (provider: string, routed: boolean, input: number, output: number) =>
    JSON.stringify({ type: "used", provider, routed, tokens: { input, output } });
  const lines = [
    JSON.stringify({ type: "decided", decision: "keep", provider: "claude" }),
    JSON.stringify({ type: "decided", decision: "route", provider: "openai" }),
    JSON.stringify({ type: "decided", decision: "blocked" }),
    JSON.stringify({ type: "failed", provider: "openai" }),
    JSON.stringify({ type: "recovered", provider: "claude" }),
    used("claude", false, 100, 10),
    used("openai", true, 50, 5),
    used("openai", true, 40, 4),
    '{"type":"used","provi',
    "",
  ];
  expect(tallyRoutes(lines)).toEqual({
    providers: {
      claude: { decided: 1, failed: 0, tokens: { input: 100, output: 10 } },
      openai: { decided: 1, failed: 1, tokens: { input: 90, output: 9 } },
    },
    blocked: 1,
    savedTokens: 99,
  });
});
