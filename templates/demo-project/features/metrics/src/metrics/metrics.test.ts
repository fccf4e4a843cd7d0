import assert from "node:assert/strict";
import { test } from "node:test";
import { createBus } from "../lib/bus.js";
import type { Notice } from "../types.js";
import { createMetrics } from "./counters.js";

const notice: Notice = { id: "n1", title: "x", body: "", author: "kim", tags: [], pinned: false, createdAt: "2026-01-01T09:00:00.000Z" };

test("events are counted by kind, and the notices that are left", () => {
  const bus = createBus();
  const metrics = createMetrics(bus);
  bus.publish({ type: "posted", notice });
  bus.publish({ type: "posted", notice: { ...notice, id: "n2" } });
  bus.publish({ type: "changed", notice });
  bus.publish({ type: "removed", id: "n2" });
  const text = metrics.text();
  assert.match(text, /^board_events_total\{type="posted"\} 2$/m);
  assert.match(text, /^board_events_total\{type="changed"\} 1$/m);
  assert.match(text, /^board_notices 1$/m);
});

test("a new board counts nothing", () => {
  assert.match(createMetrics(createBus()).text(), /^board_notices 0$/m);
});
