import { expect, it } from "vitest";
import { addTokens, UsageRecorder } from "../../../plugin/hooks/usage.ts";
import type { UsageRow } from "../../../src/core/tracking/usageRow.ts";

function recorder() {
  const rows: UsageRow[] = [];
  const usage = new UsageRecorder(
    (row) => rows.push(row),
    (host) => (host === "aegis" ? "local" : host),
  );
  return { rows, usage };
}

const answered = (session: string, totalMs: number) => ({
  ...{ session, role: "worker", provider: "aegis", type: "answered" as const },
  ...{ firstByteMs: 10, totalMs, status: 200, gaps: [] },
});
const message = (id: string, more: object = {}) => ({
  ...{ id, session: "s1", agent: "worker", provider: "aegis", created: 1_000, completed: 9_000 },
  ...{ error: undefined, tokens: { input: 500, output: 20, cached: 300 } },
  ...more,
});

it("records a message once, with the time the model took as the gate saw it", () => {
  const { rows, usage } = recorder();
  usage.request(answered("s1", 700));
  usage.message(message("m1"));
  usage.message(message("m1"));
  expect(rows).toEqual([
    ...[
      {
        at: 9_000,
        provider: "local",
        agent: "worker",
        duration: 700,
        success: true,
        cacheHit: true,
        input: 500,
        output: 20,
      },
    ],
  ]);
});

it("takes the message's own time where the gate saw nothing, and of another session's request none", () => {
  const { rows, usage } = recorder();
  usage.request(answered("s2", 700));
  usage.message(message("m1", { provider: "anthropic", tokens: { input: 5, output: 1, cached: 0 } }));
  usage.request(answered("s1", 900));
  usage.forget("s1");
  usage.message(message("m2"));
  expect(rows.map(({ provider, duration, cacheHit }) => [provider, duration, cacheHit])).toEqual([
    ["anthropic", 8_000, false],
    ["local", 8_000, true],
  ]);
});

it("counts an error as one, and apart from it what was cut: by the person, the runaway guard, or a broken stream", () => {
  const { rows, usage } = recorder();
  usage.message(message("m1", { error: "APIError" }));
  usage.message(message("m2", { error: "MessageAbortedError" }));
  const about = { session: "s1", role: "worker", provider: "aegis" };
  usage.request(answered("s1", 700));
  usage.request({ ...about, type: "runaway", kind: "repeatedLine", tools: 3 });
  usage.message(message("m3"));
  usage.request({
    ...{ ...about, type: "failed", attempts: 1, failure: "reset", retryable: true, midStream: true, detail: "" },
  });
  usage.message(message("m4", { error: "APIError" }));
  // The cut of a title is nobody's message, and what was cut before and answered then is an answer.
  usage.request({ ...about, type: "runaway", kind: "repeatedLine", tools: 0 });
  usage.message(message("m5"));
  usage.request({
    ...{ ...about, type: "failed", attempts: 1, failure: "reset", retryable: true, midStream: true, detail: "" },
  });
  usage.request(answered("s1", 700));
  usage.message(message("m6"));
  expect(rows.map(({ success, cut }) => [success, cut])).toEqual([
    [false, undefined],
    [false, true],
    [false, true],
    [false, true],
    [true, undefined],
    [true, undefined],
  ]);
});

it("adds up what a Worker has used, beside what it does", () => {
  const live = new Map([["w01", { doing: "thinking" }]]);
  addTokens(live, "w01", { input: 10, output: 2, cached: 5 });
  addTokens(live, "w01", { input: 20, output: 3, cached: 0 });
  expect(live.get("w01")).toEqual({ doing: "thinking", tokens: { input: 30, output: 5, cached: 5 } });
});

it("records the model, where the host says it", () => {
  const { rows, usage } = recorder();
  usage.message(message("m1", { model: "qwen3-coder-next" }));
  usage.message(message("m2"));
  expect(rows.map(({ model }) => model)).toEqual(["qwen3-coder-next", undefined]);
});

it("records no answer of the gate's own, and the model's before and after it", () => {
  const { rows, usage } = recorder();
  const zero = { input: 0, output: 0, cached: 0 };
  usage.request({ session: "s1", role: "worker", provider: "aegis", type: "spared", reportedAt: 5_000 });
  // The host tells the answer that brought the report a moment late.
  expect(usage.message(message("m4", { created: 4_000, completed: 4_900 }))).toBe(true);
  expect(usage.message(message("m5", { created: 5_000, completed: 5_010, tokens: zero }))).toBe(false);
  expect(usage.message(message("m5", { created: 5_000, completed: 5_010, tokens: zero }))).toBe(false);
  // A person speaks to that session.
  expect(usage.message(message("m6", { created: 6_000 }))).toBe(true);
  expect(rows).toHaveLength(2);
});
