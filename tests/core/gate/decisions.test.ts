import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { classifyFailure } from "../../../src/core/gate/classifyFailure.ts";
import { egress } from "../../../src/core/gate/egress.ts";
import { repairHistory } from "../../../src/core/gate/repairHistory.ts";
import { DEFAULT_RETRY_BUDGET, retryPlan } from "../../../src/core/gate/retryPlan.ts";

describe("egress", () => {
  const list = [
    "gpu.example.org",
    "10.0.0.5:8001",
    "[fd00::5]:8001",
    "https://models.example.org/v1",
    "*",
    "http://",
    " ",
  ];
  it.each([
    "http://127.0.0.1:8001/v1/chat/completions",
    "http://localhost/v1",
    "http://[::1]:9/v1",
    "http://127.9.9.9/",
    "http://0x7f.1/",
    "http://GPU.example.org:99/v1",
    "https://gpu.example.org/",
    "http://10.0.0.5:8001/v1",
    "http://[fd00::5]:8001/v1",
    "https://models.example.org/v1/chat/completions",
  ])("allows %s", (url) => expect(egress(url, list).kind).toBe("allowed"));
  it.each([
    "http://10.0.0.5:8002/v1",
    "http://10.0.0.5/v1",
    "https://api.openai.com/v1",
    "http://evil-gpu.example.org/",
    "http://gpu.example.org.evil.com/",
    "http://127.0.0.1@evil.com/",
    "http://models.example.org/v1",
    "file:///etc/passwd",
    "not a url",
    "",
    "//gpu.example.org",
    "http://*/",
    "http://localhost.evil.com/",
    "http://[fd00::6]:8001/",
  ])("refuses %s", (url) => expect(egress(url, list)).toMatchObject({ kind: "refused", rule: "security.allowHosts" }));
  it("allows only loopback where nothing is listed", () => {
    fc.assert(
      fc.property(
        fc.webUrl(),
        (url) => egress(url, []).kind === "refused" || /^https?:\/\/(localhost|127\.)/.test(url),
      ),
    );
  });
});

describe("a failure", () => {
  it.each([
    [
      { status: 429, retryAfter: "7" },
      { kind: "rate", retryable: true, retryAfterMs: 7000 },
    ],
    [
      { status: 429, body: '{"error":{"code":"insufficient_quota"}}' },
      { kind: "quota", retryable: false },
    ],
    [
      { status: 429, retryAfter: "Sat, 21 Nov 2026 00:00:10 GMT", now: Date.UTC(2026, 10, 21) },
      { kind: "rate", retryable: true, retryAfterMs: 10_000 },
    ],
    [
      { status: 429, retryAfter: "soon" },
      { kind: "rate", retryable: true },
    ],
    [{ status: 402 }, { kind: "quota", retryable: false }],
    [{ status: 401 }, { kind: "auth", retryable: false }],
    [{ status: 403 }, { kind: "auth", retryable: false }],
    [{ status: 500 }, { kind: "server", retryable: true }],
    [{ status: 502 }, { kind: "server", retryable: true }],
    [{ status: 503 }, { kind: "overload", retryable: true }],
    [{ status: 529 }, { kind: "overload", retryable: true }],
    [{ status: 504 }, { kind: "timeout", retryable: true }],
    [
      { status: 400, body: "bad" },
      { kind: "unknown", retryable: false },
    ],
    [
      { status: 200, contentType: "text/html", body: "<html>" },
      { kind: "bad-response", retryable: true },
    ],
    [
      { status: 200, body: '{"error":{"code":503,"message":"busy"}}' },
      { kind: "overload", retryable: true },
    ],
    [
      { status: 200, body: 'data: {"error":{"type":"overloaded_error"}}\n\n' },
      { kind: "overload", retryable: true },
    ],
    [{ errorCode: "ECONNREFUSED" }, { kind: "refused", retryable: true }],
    [{ errorCode: "ConnectionRefused" }, { kind: "refused", retryable: true }],
    [{ errorCode: "ECONNRESET" }, { kind: "reset", retryable: true }],
    [{ errorCode: "UND_ERR_HEADERS_TIMEOUT" }, { kind: "timeout", retryable: true }],
    [{ errorCode: "AbortError" }, { kind: "unknown", retryable: false }],
    [{}, { kind: "unknown", retryable: false }],
  ])("%j is %j", (facts, failure) => expect(classifyFailure(facts)).toEqual(failure));
});

describe("a retry", () => {
  const rate = { kind: "rate", retryable: true, retryAfterMs: 12_345 } as const;
  it("waits exactly what the server asked for, or gives up", () => {
    expect(retryPlan(1, rate, DEFAULT_RETRY_BUDGET, 0.9)).toEqual({ kind: "wait", ms: 12_345 });
    expect(retryPlan(1, rate, { ...DEFAULT_RETRY_BUDGET, waitMs: 12_344 }, 0)).toEqual({
      kind: "give-up",
      why: "budget",
      retryAfterMs: 12_345,
    });
  });
  it("is never made for what cannot succeed, nor past the budget, and its own waits grow within bounds", () => {
    expect(retryPlan(1, { kind: "auth", retryable: false }, DEFAULT_RETRY_BUDGET, 0)).toEqual({
      kind: "give-up",
      why: "not-retryable",
    });
    expect(retryPlan(4, { kind: "server", retryable: true }, DEFAULT_RETRY_BUDGET, 0)).toEqual({
      kind: "give-up",
      why: "retries",
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (attempt, jitter) => {
        const plan = retryPlan(attempt, { kind: "server", retryable: true }, DEFAULT_RETRY_BUDGET, jitter);
        const longest = Math.min(8000, 500 * 2 ** (attempt - 1));
        return plan.kind === "wait" && plan.ms >= longest / 2 && plan.ms <= longest;
      }),
    );
  });
});

describe("the history of a request", () => {
  const body = (texts: readonly string[], space = 0) =>
    JSON.stringify(
      {
        model: "m",
        messages: [
          { role: "user", content: 'say "arguments":"{" please' },
          ...texts.map((text, at) => ({
            role: "assistant",
            content: null,
            tool_calls: [{ id: `c${at}`, type: "function", function: { name: "read", arguments: text } }],
          })),
        ],
      },
      null,
      space,
    );

  it("stays the very same where every call is well-formed", () => {
    fc.assert(
      fc.property(
        fc.array(fc.object().map((value) => JSON.stringify(value))),
        fc.constantFrom(0, 1),
        (texts, space) => {
          const given = body(texts, space);
          const result = repairHistory(given);
          return result.body === given && result.repaired === 0;
        },
      ),
    );
  });
  it.each([
    ['{"a": "x', { malformed_arguments: '{"a": "x' }],
    ["", {}],
    ["{'a': True}", { a: true }],
    ['{"a": 1', { malformed_arguments: '{"a": 1' }],
    ['{"a": "b"', { a: "b" }],
    ['"{\\"a\\":1}"', { a: 1 }],
    ["[1]", { malformed_arguments: "[1]" }],
  ])("makes %j the object %j and changes nothing else", (text, meant) => {
    for (const space of [0, 2]) {
      const result = repairHistory(body(['{"ok":1}', text], space));
      expect(result).toEqual({
        body: body(['{"ok":1}', JSON.stringify(meant)], space),
        repaired: 1,
        notes: [{ before: text, after: JSON.stringify(meant) }],
      });
    }
  });
  it("leaves what is no request alone", () => {
    for (const text of ["", "[]", '{"messages":3}', "not json", '{"arguments":"{"}', '{"arguments":'])
      expect(repairHistory(text)).toEqual({ body: text, repaired: 0, notes: [] });
  });
});
