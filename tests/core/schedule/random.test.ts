import fc from "fast-check";
import { expect, test } from "vitest";
import { admit, initialAdmission } from "../../../src/core/schedule/admission.ts";
import type { Admission, AdmissionEvent, AdmissionSettings, UnitRole } from "../../../src/core/schedule/model.ts";
import { DEFAULT_ADMISSION } from "../../../src/core/schedule/model.ts";

/** `AEGIS_SCHEDULES=1000000` plays a million. */
const RUNS = Number(process.env.AEGIS_SCHEDULES ?? 3_000);

interface Plan {
  role: UnitRole;
  owner: string;
  tokens: number;
  /** By how much each request is longer than the last; shorter where the host summarized. */
  growth: number;
  /** Per request: how long the answer takes, how long the tools after it, whether they are a helper. */
  turns: readonly { answer: number; tools: number; helper: boolean }[];
}

const plan: fc.Arbitrary<Plan> = fc.record({
  role: fc.constantFrom<UnitRole>("worker", "worker", "worker", "commander", "job"),
  owner: fc.constantFrom("x", "y"),
  tokens: fc.integer({ min: 1, max: 120 }),
  growth: fc.constantFrom(3, 3, -20),
  turns: fc.array(
    fc.record({
      answer: fc.integer({ min: 1, max: 50 }),
      tools: fc.integer({ min: 0, max: 90 }),
      helper: fc.boolean(),
    }),
    { minLength: 1, maxLength: 4 },
  ),
});

const world = fc.record({
  plans: fc.array(plan, { minLength: 1, maxLength: 8 }),
  staticLimit: fc.integer({ min: 1, max: 4 }),
  maxRequests: fc.integer({ min: 1, max: 4 }),
  kvTokens: fc.option(fc.integer({ min: 50, max: 400 })),
  sessionTokens: fc.integer({ min: 0, max: 40 }),
  openingShare: fc.constantFrom(0, 0.8),
  freshShare: fc.constantFrom(0.75, 1),
  /** What the server claims, reading by reading; undefined is silence. */
  loads: fc.array(
    fc.option(
      fc.record({
        waiting: fc.integer({ min: -1, max: 3 }),
        preempts: fc.boolean(),
        kvUsage: fc.double({ min: 0, max: 1.2, noNaN: true }),
      }),
      {
        nil: undefined,
      },
    ),
    { maxLength: 20 },
  ),
});

interface Live {
  name: string;
  plan: Plan;
  turn: number;
  parent?: Live;
  arrived: boolean;
}

/** Plays sessions with helpers to their end on a server that answers whatever it is sent, and checks every step. */
function play(given: typeof world extends fc.Arbitrary<infer W> ? W : never): { unfinished: number; broken: string[] } {
  const settings: AdmissionSettings = {
    ...DEFAULT_ADMISSION,
    staticLimit: given.staticLimit,
    maxRequests: given.maxRequests,
    openingShare: given.openingShare,
    freshShare: given.freshShare,
    holdMs: 60,
    patienceMs: 100,
    turnMs: 200,
    staleMs: 40,
    settleMs: 30,
  };
  let state: Admission = initialAdmission(settings);
  const broken: string[] = [];
  const agenda: { at: number; seq: number; act: (at: number) => void }[] = [];
  let seq = 0;
  let unfinished = 0;
  let preemptions = 0;
  const later = (at: number, act: (at: number) => void) => agenda.push({ at, seq: seq++, act });
  const waiting = new Map<string, Live>();
  const gone = new Set<string>();

  const happen = (event: AdmissionEvent) => {
    const before = state;
    const step = admit(state, event, settings);
    state = step.state;
    const limited = (at: Admission) =>
      at.residents.filter((each) => each.role !== "commander").reduce((sum, each) => sum + each.active.length, 0);
    if (limited(state) > Math.max(state.budget.requests, limited(before))) broken.push("more at once than the limit");
    const beside = state.budget.load?.sessionTokens ?? 0;
    const underWay = (at: Admission) => at.residents.filter((each) => each.active.length > 0);
    const total = (at: Admission) => underWay(at).reduce((sum, each) => sum + each.tokens + beside, 0);
    const bound = state.budget.tokens;
    const commanders = underWay(state).some((each) => each.role === "commander");
    const single = underWay(state).length <= 1;
    const { cache } = state;
    if (cache) {
      const inUse = underWay(state).reduce((sum, each) => sum + each.tokens + cache.beside, cache.blank);
      const known = cache.left.reduce((sum, each) => sum + each.tokens, inUse);
      if (Math.abs(known - cache.size) > 0.001) broken.push(`the mirror has ${known} of ${cache.size} tokens`);
    }
    if (
      step.go.length > 0 &&
      bound !== undefined &&
      !commanders &&
      !single &&
      total(state) > Math.max(bound, total(before))
    ) {
      broken.push("more tokens than the budget");
    }
    for (const request of step.go) {
      if (gone.has(request)) broken.push(`${request} went twice`);
      gone.add(request);
      const live = waiting.get(request);
      if (!live) broken.push(`${request} never asked`);
      else answer(request, live, event.at);
    }
  };
  const send = (live: Live, at: number) => {
    const request = `${live.name}#${live.turn}`;
    waiting.set(request, live);
    const { role, owner, tokens, growth } = live.plan;
    happen({
      type: "arrived",
      at,
      request,
      session: live.name,
      owner,
      role,
      tokens: Math.max(1, tokens + live.turn * growth),
      ...(live.parent && !live.arrived ? { parent: live.parent.name } : {}),
    });
    live.arrived = true;
  };
  const end = (live: Live, at: number) => {
    unfinished -= 1;
    happen({ type: "ended", at, session: live.name });
    if (live.parent) next(live.parent, at);
  };
  const next = (live: Live, at: number) => {
    live.turn += 1;
    if (live.turn < live.plan.turns.length) send(live, at);
    else end(live, at);
  };
  const answer = (request: string, live: Live, at: number) => {
    const turn = live.plan.turns[live.turn];
    if (!turn) return;
    later(at + turn.answer, (now) => {
      happen({ type: "left", at: now, request });
      later(now + turn.tools, (then) => {
        if (!turn.helper || live.parent) return next(live, then);
        unfinished += 1;
        const helper: Plan = { ...live.plan, role: "scout", turns: live.plan.turns.slice(0, 2) };
        send({ name: `${live.name}/${live.turn}`, plan: helper, turn: 0, parent: live, arrived: false }, then);
      });
    });
  };

  given.plans.forEach((each, index) => {
    unfinished += 1;
    later(index * 3, (at) => send({ name: `s${index}`, plan: each, turn: 0, arrived: false }, at));
  });
  let ticks = 0;
  const tick = (at: number) => {
    const said = given.loads[ticks];
    ticks += 1;
    if (said) {
      if (said.preempts) preemptions += 1;
      happen({
        type: "load",
        at,
        load: {
          at,
          running: 0,
          waiting: said.waiting,
          kvUsage: said.kvUsage,
          preemptions,
          ...(given.kvTokens === null ? {} : { kvTokens: given.kvTokens, sessionTokens: given.sessionTokens }),
        },
      });
    } else happen({ type: "tick", at });
    if (unfinished > 0 && ticks < 2_000) later(at + 20, tick);
  };
  later(0, tick);
  while (agenda.length > 0) {
    let first = 0;
    for (const [index, each] of agenda.entries()) {
      const best = agenda[first];
      if (best && (each.at < best.at || (each.at === best.at && each.seq < best.seq))) first = index;
    }
    const [now] = agenda.splice(first, 1);
    now?.act(now.at);
  }
  return { unfinished, broken };
}

test("whatever the sessions do and the server claims, every request goes once, all work ends, the limits hold", () => {
  fc.assert(
    fc.property(world, (given) => {
      expect(play(given)).toEqual({ unfinished: 0, broken: [] });
    }),
    { numRuns: RUNS },
  );
});
