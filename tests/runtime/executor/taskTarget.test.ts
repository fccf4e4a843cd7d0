import { expect, test } from "vitest";
import { makePolicy } from "../../../src/core/routing/policy.ts";
import type { PolicyDesk } from "../../../src/ports/policyDesk.ts";
import { taskTarget } from "../../../src/runtime/executor/taskTarget.ts";
import { ExternalBlocked, UnknownAgent } from "../../../src/runtime/routing/routingErrors.ts";

const question = { provider: "auto", agent: "executor", task: "", session: "t", failed: [] };

/** A desk that gives one answer, or throws. */
function desk(answer: Error | undefined): PolicyDesk {
  return {
    ask: async () => {
      if (answer) throw answer;
      return {
        provider: "gemini",
        model: "m",
        host: { providerID: "google", modelID: "m" },
        tier: "low",
        reason: { code: "override", detail: "" },
      };
    },
    runFailed: () => false,
    heard: () => undefined,
  };
}

test("who is named is held to what may lead outside", async () => {
  const policy = makePolicy({});
  for (const provider of ["claude", "openai", "google", "zai"]) {
    const to = await taskTarget(policy, desk(undefined), { ...question, provider });
    expect(to).toMatchObject({ ok: false, reason: expect.stringContaining("routing.external.enabled") });
  }
  const local = await taskTarget(policy, desk(undefined), { ...question, provider: "local" });
  expect(local).toMatchObject({ ok: true, provider: "local" });
  const nobody = await taskTarget(policy, desk(undefined), { ...question, provider: "nobody" });
  expect(nobody).toMatchObject({ ok: false, reason: expect.stringContaining("known: local") });
  const open = makePolicy({ externalAllowed: true });
  const named = await taskTarget(open, desk(undefined), { ...question, provider: "google" });
  expect(named).toMatchObject({ ok: true, provider: "gemini", hostModel: "google/gemini-3-flash" });
});

test("else the policy's answer counts, a refusal too; an agent it does not know works at the primary", async () => {
  const policy = makePolicy({});
  expect(await taskTarget(policy, desk(undefined), question)).toEqual({
    ok: true,
    provider: "gemini",
    model: "m",
    hostModel: "google/m",
  });
  expect(await taskTarget(policy, desk(new ExternalBlocked("no")), question)).toMatchObject({ ok: false });
  const unknown = await taskTarget(policy, desk(new UnknownAgent("our-own")), question);
  expect(unknown).toMatchObject({ ok: true, provider: "local" });
});
