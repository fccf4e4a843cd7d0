import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { MetricsCollector } from "../../src/library/tracking/metricsCollector.ts";
import { RealtimeTracker } from "../../src/library/tracking/realtimeTracker.ts";
import { finish, machine, progress, readArguments } from "./report.ts";
import { median, mulberry32, round } from "./statistics.ts";

const GOALS = { eventUs: 5, bufferMb: 10 };
const CAPACITY = 10_000;
const RUNS = 7;
const SEED = 9;

/** What recording one event takes, in the tracker and the collector, and what a full ring of 10,000 events holds. */
export async function bench(args: readonly string[]): Promise<void> {
  const options = readArguments(args, { name: "events", fallback: 1_000_000 });
  const about = machine("none");
  setFlagsFromString("--expose-gc");
  const collectGarbage: unknown = runInNewContext("gc");
  if (typeof collectGarbage !== "function") throw new Error("this Node gives no gc");
  const heap = () => {
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  // Strings and figures differ from event to event, as they do in life; made before the clock runs.
  const random = mulberry32(SEED);
  const records = Array.from({ length: 1_024 }, () => ({
    provider: ["claude", "openai", "gemini", "local"][Math.floor(random() * 4)] ?? "",
    agent: `agent-${Math.floor(random() * 12)}`,
    duration: 500 + random() * 60_000,
    success: random() > 0.05,
    cacheHit: random() > 0.7,
    tokenCount: { input: Math.floor(random() * 20_000), output: Math.floor(random() * 2_000) },
  }));
  const eventUs = (into: { recordRouting(record: (typeof records)[number]): void }) => {
    const began = performance.now();
    for (let event = 0; event < options.count; event += 1) {
      const record = records[event % records.length];
      if (record) into.recordRouting(record);
    }
    return ((performance.now() - began) * 1000) / options.count;
  };
  const runs = Array.from({ length: RUNS }, (_, run) => {
    const tracker = new RealtimeTracker({ capacity: CAPACITY, emitInterval: 0 });
    const figures = { tracker: eventUs(tracker), collector: eventUs(new MetricsCollector()) };
    progress(`run ${run + 1}: tracker ${round(figures.tracker, 2)} µs, collector ${round(figures.collector, 2)} µs`);
    return figures;
  });
  const trackerUs = round(median(runs.map(({ tracker }) => tracker)), 2);
  const collectorUs = round(median(runs.map(({ collector }) => collector)), 2);
  const before = heap();
  const full = new RealtimeTracker({ capacity: CAPACITY, emitInterval: 0 });
  for (let event = 0; event < 2 * CAPACITY; event += 1) full.recordRouting(records[event % records.length] ?? NONE);
  const bufferMb = round((heap() - before) / 2 ** 20, 2);
  const met = Math.max(trackerUs, collectorUs) <= GOALS.eventUs && bufferMb <= GOALS.bufferMb;
  const kept = full.getRecentEvents().length;
  const result = {
    ...about,
    met,
    goals: GOALS,
    events: options.count,
    runs: RUNS,
    trackerUs,
    collectorUs,
    bufferMb,
    kept,
  };
  finish(
    result,
    [
      `an event: tracker ${trackerUs} µs, collector ${collectorUs} µs (goal ${GOALS.eventUs})`,
      `a ring of ${kept} events and its buckets: ${bufferMb} MB (goal ${GOALS.bufferMb})`,
    ],
    options.json,
  );
}

const NONE = { provider: "none", duration: 0 };
