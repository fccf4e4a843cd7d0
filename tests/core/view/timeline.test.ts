import { describe, expect, it } from "vitest";
import { Timeline } from "../../../src/core/view/timeline.ts";
import type { SwarmEvent } from "../../../src/core/workflow/events.ts";

const T0 = Date.parse("2026-01-01T12:00:00.000Z");
const iso = (ms: number) => new Date(T0 + ms).toISOString();
const started: SwarmEvent = {
  ...{ type: "swarm_started", at: T0, id: "s-1", session: "ses_c", head: "", dirty: [], language: "en" },
  settings: { maxWorkers: 8, maxRetries: 3, maxContinuations: 3, designOptional: false, skipPhrases: [] },
};
const answered = (at: number, more: object) => ({
  ...{ type: "answered", at: iso(at), session: "ses_w", role: "worker", provider: "aegis", status: 200, gaps: [] },
  ...{ firstByteMs: 100, totalMs: 1_000 },
  ...more,
});
const call = (state: "began" | "ended", start: number, end = 0) => ({
  ...{ session: "ses_w", role: "worker", call: "c1", tool: "edit", what: "edit a.ts", state, start: T0 + start },
  ...(state === "ended" ? { end: T0 + end, ok: true } : {}),
});
const begun = () => {
  const timeline = new Timeline();
  timeline.takeEvent(started);
  timeline.takeEvent({ type: "worker_started", at: T0 + 10, worker: "w01", session: "ses_w", attempt: 1 });
  return timeline;
};
const shape = (timeline: Timeline) =>
  timeline.spans.map(({ kind, start, end }) => [kind, start - T0, end === null ? null : end - T0]);

describe("a timeline", () => {
  it("gives a request's time in the queue and at the model, and a tool's", () => {
    const timeline = begun();
    timeline.takeGate(answered(2_000, { queueMs: 500, tokens: { prompt: 10, cached: 4, output: 3 } }));
    timeline.takeCall(call("began", 2_010));
    timeline.takeCall(call("ended", 2_010, 2_600));
    expect(shape(timeline)).toEqual([
      ["wait", 500, 1_000],
      ["model", 1_000, 2_000],
      ["tool", 2_010, 2_600],
    ]);
    expect(timeline.spans[1]).toMatchObject({ firstMs: 100, tokens: { prompt: 10, cached: 4, output: 3 } });
  });

  it("shows a call that still runs, in whatever order its lines come", () => {
    const timeline = begun();
    timeline.takeCall(call("began", 10));
    expect(shape(timeline)).toEqual([["tool", 10, null]]);
    const other = begun();
    other.takeCall(call("ended", 10, 20));
    other.takeCall(call("began", 10));
    expect(shape(other)).toEqual([["tool", 10, 20]]);
  });

  it("tells once what is new", () => {
    const timeline = begun();
    timeline.takeCall(call("began", 10));
    expect(timeline.takeChanges()).toHaveLength(1);
    expect(timeline.takeChanges()).toEqual([]);
    timeline.takeCall(call("ended", 10, 20));
    expect(timeline.takeChanges()).toMatchObject([{ key: "tc1", end: T0 + 20 }]);
  });

  it("leaves out what is another swarm's, nobody's, or no line of these logs", () => {
    const timeline = begun();
    timeline.takeGate(answered(-10, {}));
    timeline.takeGate(answered(10, { role: "none", session: "ses_x" }));
    timeline.takeGate({ type: "retry", at: iso(5) });
    timeline.takeGate("torn");
    timeline.takeCall({ state: "began" });
    timeline.takeEvent({ type: "swarm_aborted", at: T0 + 100, by: "person", reason: "" });
    timeline.takeGate(answered(400_000, {}));
    expect(timeline.spans).toEqual([]);
  });

  it("keeps a Worker's sessions together, and gives a helper a row of its own", () => {
    const timeline = begun();
    timeline.takeEvent({ type: "worker_started", at: T0 + 50, worker: "w01", session: "ses_w2", attempt: 2 });
    timeline.takeGate(answered(2_000, { session: "ses_s", role: "scout" }));
    expect(timeline.knownLanes.map(({ id, role }) => [id, role])).toEqual([
      ["commander", "commander"],
      ["w01", "worker"],
      ["w01", "worker"],
      ["ses_s", "scout"],
    ]);
  });
});
