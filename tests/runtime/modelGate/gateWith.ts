import { setTimeout as sleep } from "node:timers/promises";
import { EVERY_REPAIR } from "../../../src/core/gate/report.ts";
import type { GateEvent } from "../../../src/runtime/modelGate/gateEvents.ts";
import { type GateSettings, ModelGate } from "../../../src/runtime/modelGate/modelGate.ts";

/** Limits that no test meets by chance; those about a limit have their own. */
export const LIMITS = {
  firstByteMs: 60_000,
  stallMs: 60_000,
  budget: { retries: 3, waitMs: 3_000, firstMs: 5, longestMs: 20 },
};

export const SETTINGS: GateSettings = {
  repair: EVERY_REPAIR,
  everySession: false,
  allowHosts: [],
  egressAll: false,
  limits: LIMITS,
  silenceMs: 60_000,
};

/** The real clock. */
export const WORLD = {
  now: () => Date.now(),
  random: () => 0.5,
  sleep: (ms: number, signal: AbortSignal) => sleep(ms, undefined, { signal }),
};

/** A model gate whose sessions are all of one role. */
export function gateWith(more: Partial<GateSettings> = {}, role = "worker") {
  const events: GateEvent[] = [];
  const gate = new ModelGate(
    { ...SETTINGS, ...more },
    WORLD,
    async () => role,
    (event) => events.push(event),
  );
  return { send: gate.fetchFor("aegis", fetch), events, gate };
}
