import { describe, expect, it } from "vitest";
import type { TraceSpan } from "../../../src/core/trace/traceSpan.ts";
import { traceSpans } from "../../../src/core/trace/traceSpans.ts";
import { type PhaseSince, Timeline } from "../../../src/core/view/timeline.ts";
import type { SwarmEvent } from "../../../src/core/workflow/events.ts";
import { fold } from "../../../src/core/workflow/evolve.ts";
import { SETTINGS } from "../workflow/scenario.ts";

const T0 = Date.parse("2026-01-01T12:00:00.000Z");
const started: SwarmEvent = {
  ...{ type: "swarm_started", at: T0, id: "s-1", session: "ses_c", head: "h0", dirty: [], language: "en" },
  settings: SETTINGS,
};
const working: SwarmEvent = { type: "worker_started", at: T0 + 100, worker: "w01", session: "ses_w", attempt: 1 };
const aborted = (at: number): SwarmEvent => ({ type: "swarm_aborted", at: T0 + at, by: "person", reason: "" });
const phases: PhaseSince[] = [
  { phase: "design", since: T0 },
  { phase: "monitoring", since: T0 + 90 },
];

/** Worker w01 asks from `start` to `end`, and helper `child` answers. */
const task = (call: string, start: number, end: number, more: object = {}) => ({
  ...{ session: "ses_w", role: "worker", call, tool: "task", what: "task", state: "ended", ok: true },
  ...{ start: T0 + start, end: T0 + end, child: "ses_s" },
  ...more,
});
const read = (call: string, start: number, end: number, session = "ses_s", role = "scout") => ({
  ...{ session, role, call, tool: "read", what: "read a.ts", state: "ended", ok: true },
  ...{ start: T0 + start, end: T0 + end },
});

function given(calls: readonly object[], events: readonly SwarmEvent[] = []) {
  const all = [started, working, ...events];
  const swarm = fold(all);
  if (!swarm) throw new Error("the events make no swarm");
  const timeline = new Timeline();
  for (const event of all) timeline.takeEvent(event);
  for (const call of calls) timeline.takeCall(call);
  const over = all.find(({ type }) => type === "swarm_aborted");
  const since = over ? [...phases, { phase: "aborted", since: over.at } as const] : phases;
  return { swarm, events: all, phases: since, lanes: timeline.knownLanes, spans: timeline.spans };
}

const nested = (spans: readonly TraceSpan[]) => {
  const byKey = new Map(spans.map((span) => [span.key, span]));
  return spans.map((span) => {
    const above = span.parent === null ? undefined : (byKey.get(span.parent)?.name ?? "not yet told");
    return [span.name, span.start - T0, span.end - T0, above];
  });
};

describe("a helper's span", () => {
  it("lies between the Worker that asked and the helper's own calls", () => {
    const spans = traceSpans(given([read("r", 300, 400), task("t", 200, 500)], [aborted(900)]));
    expect(nested(spans)).toEqual(
      expect.arrayContaining([
        ["invoke_agent w01", 100, 900, "phase monitoring"],
        ["invoke_agent scout", 200, 500, "invoke_agent w01"],
        ["execute_tool read", 300, 400, "invoke_agent scout"],
        ["execute_tool task", 200, 500, "invoke_agent w01"],
      ]),
    );
  });

  it("is told once it has ended, under the key that its calls named before", () => {
    const before = traceSpans(given([read("r", 300, 400)]));
    const after = traceSpans(given([read("r", 300, 400), task("t", 200, 500)]));
    const parentIn = (spans: TraceSpan[]) => spans.find(({ name }) => name === "execute_tool read")?.parent;
    expect(before.map(({ name }) => name)).not.toContain("invoke_agent scout");
    expect(parentIn(before)).toBe(parentIn(after));
    expect(after.find(({ name }) => name === "invoke_agent scout")?.key).toBe(parentIn(after));
  });

  it("is another one each time the same helper is asked", () => {
    const calls = [read("r1", 300, 400), task("t1", 200, 500), read("r2", 600, 650), task("t2", 550, 700)];
    const spans = traceSpans(given(calls));
    const helpers = spans.filter(({ name }) => name === "invoke_agent scout");
    expect(helpers.map(({ start, end }) => [start - T0, end - T0])).toEqual([
      [200, 500],
      [550, 700],
    ]);
    const reads = spans.filter(({ name }) => name === "execute_tool read");
    expect(reads.map(({ parent }) => parent)).toEqual(helpers.map(({ key }) => key));
  });

  it("of the Commander's lies in the phase, and one that failed says so", () => {
    const asked = task("t", 10, 50, { session: "ses_c", role: "commander", ok: false });
    const spans = traceSpans(given([read("r", 20, 30), asked]));
    const helper = spans.find(({ name }) => name === "invoke_agent scout");
    expect(helper).toMatchObject({ parent: "phase 0", error: "the call failed" });
  });

  it("that never answered ends with its last call, once the swarm is over", () => {
    const calls = [read("r1", 300, 400), read("r2", 350, 450)];
    expect(traceSpans(given(calls)).map(({ name }) => name)).not.toContain("invoke_agent scout");
    const spans = traceSpans(given(calls, [aborted(900)]));
    const [helper, ...more] = spans.filter(({ name }) => name === "invoke_agent scout");
    expect(more).toEqual([]);
    expect(helper).toMatchObject({ start: T0 + 300, end: T0 + 450, parent: "phase 1" });
  });
});
