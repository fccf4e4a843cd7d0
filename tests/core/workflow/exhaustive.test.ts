import { describe, expect, it, vi } from "vitest";
import { decide } from "../../../src/core/workflow/decide.ts";
import type { SwarmEvent } from "../../../src/core/workflow/events.ts";
import { evolve } from "../../../src/core/workflow/evolve.ts";
import { react } from "../../../src/core/workflow/react.ts";
import type { Swarm, SwarmState } from "../../../src/core/workflow/state.ts";
import { isOver } from "../../../src/core/workflow/state.ts";
import { SMALL } from "./alphabet.ts";
import type { Told } from "./scenario.ts";
import { begin, inDispatch, inIntegrate, inMonitoring, timed } from "./scenario.ts";
import { Witness } from "./witness.ts";

// The real answer of the scope algebra, kept: every step of the walk asks for the same few pairs.
vi.mock("../../../src/core/scope/overlap.ts", async (original) => {
  const real = await original<typeof import("../../../src/core/scope/overlap.ts")>();
  const answers = new Map<string, ReturnType<typeof real.scopesOverlap>>();
  return {
    ...real,
    scopesOverlap(a: readonly string[], b: readonly string[]) {
      const key = JSON.stringify([a, b]);
      if (!answers.has(key)) answers.set(key, real.scopesOverlap(a, b));
      return answers.get(key);
    },
  };
});

interface Node {
  state: SwarmState;
  log: readonly SwarmEvent[];
}

function step(node: Node, told: Told): Node | undefined {
  const decision = decide(timed(told), node.state);
  if (!decision.ok || decision.events.length === 0) return undefined;
  if (node.state && isOver(node.state) && told.type !== "begin_swarm")
    throw new Error(`${told.type} changes a swarm that is over`);
  return { state: decision.events.reduce(evolve, node.state), log: [...node.log, ...decision.events] };
}

/** Lives the log again under a witness, which judges every event and the state at the end. */
function judge({ log, state }: Node): void {
  const witness = new Witness();
  let before: SwarmState;
  for (const event of log) {
    witness.see(event);
    const after: SwarmState = evolve(before, event);
    if (after) for (const effect of react(event, before, after)) witness.asked(effect);
    before = after;
  }
  expect(JSON.stringify(before)).toBe(JSON.stringify(state));
  witness.compare(state as Swarm);
}

/** Every state within `depth` accepted commands of `from`, each once; gives their number. */
function walk(from: readonly Told[], depth: number): number {
  let level: Node[] = [from.reduce<Node>((node, told) => step(node, told) ?? node, { state: undefined, log: [] })];
  const seen = new Set<string>();
  for (let round = 0; round < depth; round += 1) {
    const next: Node[] = [];
    for (const node of level) {
      for (const told of SMALL) {
        const after = step(node, told);
        const key = after && JSON.stringify(after.state);
        if (!after || key === undefined || seen.has(key)) continue;
        seen.add(key);
        judge(after);
        next.push(after);
      }
    }
    level = next;
  }
  return seen.size;
}

describe("the decider, every sequence of a small alphabet", () => {
  it.each([
    ["the beginning", [begin()], 9, 100],
    ["dispatch", inDispatch, 7, 300],
    ["running Workers", inMonitoring, 5, 300],
    ["integrate", inIntegrate, 6, 300],
  ] as const)("keeps its properties from %s", { timeout: 60_000 }, (_name, from, depth, atLeast) => {
    expect(walk(from, depth)).toBeGreaterThan(atLeast);
  });
});
