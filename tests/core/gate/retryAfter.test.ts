import { describe, expect, it } from "vitest";
import { classifyFailure } from "../../../src/core/gate/classifyFailure.ts";

/** Each provider's own words for "later". */
const GOOGLE = (retryDelay: string | undefined, quotaId = "GenerateRequestsPerMinutePerProjectPerModel") =>
  JSON.stringify({
    error: {
      code: 429,
      message: "You exceeded your current quota, please check your plan and billing details.",
      status: "RESOURCE_EXHAUSTED",
      details: [
        { "@type": "type.googleapis.com/google.rpc.QuotaFailure", violations: [{ quotaId }] },
        ...(retryDelay === undefined ? [] : [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay }]),
      ],
    },
  });

describe("how long a provider asks to be left alone", () => {
  it("Google's RetryInfo counts as a Retry-After, to the millisecond", () => {
    expect(classifyFailure({ status: 429, body: GOOGLE("34.074824224s") })).toEqual({
      kind: "rate",
      retryable: true,
      retryAfterMs: 34_075,
    });
    expect(classifyFailure({ status: 503, body: GOOGLE("2s") })).toMatchObject({ retryAfterMs: 2_000 });
  });

  it("Google's day is a quota, as is one without a wait; its wait counts all the same", () => {
    expect(classifyFailure({ status: 429, body: GOOGLE("40s", "GenerateRequestsPerDayPerProject") })).toEqual({
      kind: "quota",
      retryable: false,
      retryAfterMs: 40_000,
    });
    expect(classifyFailure({ status: 429, body: GOOGLE(undefined, "x") })).toMatchObject({ kind: "quota" });
  });

  it("OpenAI's finer header comes before the seconds", () => {
    const facts = { status: 429, body: "{}", retryAfter: "2", retryAfterMs: "1251" };
    expect(classifyFailure(facts)).toMatchObject({ kind: "rate", retryAfterMs: 1_251 });
    expect(classifyFailure({ ...facts, retryAfterMs: "" })).toMatchObject({ retryAfterMs: 2_000 });
  });

  it("an error in the first event of Anthropic's stream is one", () => {
    const body =
      'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\nevent: x\n';
    expect(classifyFailure({ status: 200, body, contentType: "text/event-stream" })).toMatchObject({
      kind: "overload",
    });
    const limited = body.replace("overloaded_error", "rate_limit_error").replace("Overloaded", "slow down");
    expect(classifyFailure({ status: 200, body: limited })).toMatchObject({ kind: "rate" });
  });
});
