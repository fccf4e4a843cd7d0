import { describe, expect, it } from "vitest";
import { judgeSilence, queueLength } from "../../../src/core/gate/silence.ts";

describe("why nothing has come yet", () => {
  it.each([
    [{ answers: false }, "unreachable"],
    [{ answers: true, waiting: 3 }, "queued"],
    [{ answers: true, waiting: 0 }, "stalled"],
    [{ answers: true }, "stalled"],
  ] as const)("%j: %s", (look, verdict) => {
    expect(judgeSilence(look)).toBe(verdict);
  });

  it("reads vLLM's queue over all engines, and nothing where there is none", () => {
    const text = [
      "# TYPE vllm:num_requests_waiting gauge",
      'vllm:num_requests_waiting{engine="0",model_name="m"} 2.0',
      'vllm:num_requests_waiting{engine="1",model_name="m"} 1.0',
      'vllm:num_requests_waiting_by_reason{engine="1"} 9.0',
    ].join("\n");
    expect(queueLength(text)).toBe(3);
    expect(queueLength("<html>")).toBeUndefined();
  });
});
