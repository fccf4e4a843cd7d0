import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { decide } from "../../../src/core/workflow/decide.ts";
import type { SwarmEvent } from "../../../src/core/workflow/events.ts";
import { swarmEventSchema } from "../../../src/core/workflow/events.ts";
import { evolve, fold } from "../../../src/core/workflow/evolve.ts";
import { react } from "../../../src/core/workflow/react.ts";
import type { SwarmState } from "../../../src/core/workflow/state.ts";
import { isOver } from "../../../src/core/workflow/state.ts";
import { ALPHABET, leadsOn } from "./alphabet.ts";
import type { Told } from "./scenario.ts";
import { timed, turnEnds } from "./scenario.ts";
import { Witness } from "./witness.ts";

// The real scope algebra, asked once for each pair: building automata would be nearly all of the time of a run.
vi.mock("../../../src/core/scope/overlap.ts", async (original) => {
  const real = await original<typeof import("../../../src/core/scope/overlap.ts")>();
  return { ...real, scopesOverlap: remembered(real.scopesOverlap) };
});
vi.mock("../../../src/core/scope/normalize.ts", async (original) => {
  const real = await original<typeof import("../../../src/core/scope/normalize.ts")>();
  return { ...real, normalizeScopeGlob: remembered(real.normalizeScopeGlob) };
});

function remembered<A extends unknown[], R>(ask: (...args: A) => R): (...args: A) => R {
  const answers = new Map<string, R>();
  return (...args) => {
    const key = JSON.stringify(args);
    const known = answers.get(key);
    if (answers.has(key)) return known as R;
    const answer = ask(...args);
    answers.set(key, answer);
    return answer;
  };
}

/** What fits into the check of a commit; the whole proof: `AEGIS_SEQUENCES=100000`, and any larger number. */
const SEQUENCES = Math.max(30_000, Number(process.env.AEGIS_SEQUENCES ?? 0));

/** Commands accepted in all runs, by type: shows that the sequences come everywhere. */
const accepted = new Map<string, number>();
const happened = new Map<string, number>();

function choose(state: SwarmState, code: number): Told {
  const pick = code >>> 8;
  // Three of eight lead on, or nearly every sequence would end before the first Worker.
  if ((code & 7) < 3) return leadsOn(state, pick);
  // A Commander that only ever ends its turn, or the bound on continuations would rarely be reached.
  if ((code & 7) === 3 && state && state.continuations > 0) return turnEnds;
  return ALPHABET[pick % ALPHABET.length] as Told;
}

/** Lives one sequence under the eyes of a witness; throws where a property breaks. Gives the log of the last swarm. */
function liveThrough(codes: readonly number[]): { log: SwarmEvent[]; state: SwarmState } {
  let state: SwarmState;
  let witness = new Witness();
  let log: SwarmEvent[] = [];
  for (const code of codes) {
    const told = choose(state, code);
    const decision = decide(timed(told), state);
    if (!decision.ok) {
      if (decision.refusal.next.length < 5) throw new Error(`a refusal of ${told.type} without a next step`);
      continue;
    }
    accepted.set(told.type, (accepted.get(told.type) ?? 0) + 1);
    // What Workers left is put in safety and put away after the end, and the person gets the report.
    const afterwards = ["begin_swarm", "worker_saved", "worktree_closed", "ask_report", "report_given"];
    if (state && isOver(state) && !afterwards.includes(told.type) && decision.events.length > 0) {
      throw new Error(`property broken: ${told.type} changes a swarm that is over`);
    }
    for (const event of decision.events) {
      happened.set(event.type, (happened.get(event.type) ?? 0) + 1);
      if (event.type === "swarm_started") {
        witness = new Witness();
        log = [];
      }
      const before = event.type === "swarm_started" ? undefined : state;
      const after = evolve(before, event);
      witness.see(event);
      if (after) for (const effect of react(event, before, after)) witness.asked(effect);
      state = after;
      log.push(event);
    }
    if (state) witness.compare(state);
  }
  return { log, state };
}

describe("the decider over random sequences", () => {
  const sequence = fc.array(fc.nat(0x7fffffff), { minLength: 12, maxLength: 42, size: "max" });

  it(`keeps its properties in ${SEQUENCES} sequences, and folding the log gives the state that was lived`, {
    timeout: 300_000,
  }, () => {
    let run = 0;
    fc.assert(
      fc.property(sequence, (codes) => {
        run += 1;
        const { log, state } = liveThrough(codes);
        // Reading the log back costs more than living it, so every tenth log is read.
        if (run % 10 !== 0) return;
        const lines = log.map((event) => swarmEventSchema.parse(JSON.parse(JSON.stringify(event))));
        const half = Math.floor(lines.length / 2);
        expect(fold(lines.slice(half), fold(lines.slice(0, half)))).toEqual(state);
      }),
      { numRuns: SEQUENCES },
    );
  });

  it("came everywhere: every command was accepted and every event happened", () => {
    const commands = new Set(ALPHABET.map((told) => told.type));
    expect([...commands].filter((type) => (accepted.get(type) ?? 0) < 10)).toEqual([]);
    const events = swarmEventSchema.options.map((option) => option.shape.type.value);
    expect(events.filter((type) => (happened.get(type) ?? 0) < 10)).toEqual([]);
    expect(happened.get("committed")).toBeGreaterThan(SEQUENCES / 500);
  });
});
