import { describe, expect, test } from "vitest";
import { admit, ahead, initialAdmission } from "../../../src/core/schedule/admission.ts";
import type { ServerLoad } from "../../../src/core/schedule/budget.ts";
import type { Admission, AdmissionEvent, AdmissionSettings, UnitRole } from "../../../src/core/schedule/model.ts";
import { DEFAULT_ADMISSION } from "../../../src/core/schedule/model.ts";

const settings: AdmissionSettings = {
  ...DEFAULT_ADMISSION,
  staticLimit: 2,
  maxRequests: 4,
  kvShare: 1,
  holdMs: 60_000,
  openingShare: 0,
  freshShare: 1,
};
const quiet: ServerLoad = { at: 0, running: 0, waiting: 0, kvUsage: 0.1, preemptions: 0, kvTokens: 100 };

function ask(
  name: string,
  tokens: number,
  more: { at?: number; role?: UnitRole; owner?: string; parent?: string } = {},
): AdmissionEvent {
  const { at = 0, role = "worker", owner = "swarm", ...rest } = more;
  return { type: "arrived", at, request: name, session: name.split("#")[0] ?? name, owner, role, tokens, ...rest };
}

/** Plays events one after the other. */
function given(...events: AdmissionEvent[]) {
  return then(initialAdmission(settings), ...events);
}

function then(start: Admission, ...events: AdmissionEvent[]) {
  return play(settings, start, events);
}

function play(by: AdmissionSettings, start: Admission, events: readonly AdmissionEvent[]) {
  let state = start;
  const go: string[] = [];
  for (const event of events) {
    const step = admit(state, event, by);
    state = step.state;
    go.push(...step.go);
  }
  return { state, go };
}

/** Another session's request that stays with the server, so that it is not idle. */
const busy = ask("busy", 0);

const load = (more: Partial<ServerLoad> = {}): AdmissionEvent => {
  const reading = { ...quiet, ...more };
  return { type: "load", at: reading.at, load: reading };
};

describe("without metrics", () => {
  test("the static limit holds, and the next goes when one leaves", () => {
    const full = given(ask("a", 1_000), ask("b", 1_000), ask("c", 1_000));
    expect(full.go).toEqual(["a", "b"]);
    expect(then(full.state, { type: "left", at: 1, request: "a" }).go).toEqual(["c"]);
  });

  test("the Commander goes at once, and takes nobody's place", () => {
    const full = given(ask("a", 1), ask("b", 1), ask("c", 1), ask("boss", 1, { role: "commander" }));
    expect(full.go).toEqual(["a", "b", "boss"]);
    expect(then(full.state, { type: "left", at: 1, request: "boss" }).go).toEqual([]);
  });

  test("a request that leaves while it waits is forgotten", () => {
    const full = given(ask("a", 1), ask("b", 1), ask("c", 1), { type: "left", at: 1, request: "c" });
    expect(then(full.state, { type: "left", at: 2, request: "a" }).go).toEqual([]);
  });
});

describe("the KV pool", () => {
  test("sessions go as far as their tokens fit", () => {
    expect(given(load(), ask("a", 60), ask("b", 60), ask("c", 40)).go).toEqual(["a", "c"]);
  });

  test("what each session takes beside its tokens counts", () => {
    const hybrid = load({ sessionTokens: 30 });
    expect(given(hybrid, ask("a", 15), ask("b", 15), ask("c", 15)).go).toEqual(["a", "b"]);
  });

  test("a session keeps its place while its tools run", () => {
    const held = given(load(), busy, ask("a#1", 60), { type: "left", at: 5, request: "a#1" }, ask("b", 41, { at: 6 }));
    expect(held.go).toEqual(["busy", "a#1"]);
    expect(then(held.state, ask("a#2", 75, { at: 7 })).go).toEqual(["a#2"]);
  });

  test("it loses the place after a long silence", () => {
    const held = given(load(), busy, ask("a#1", 60), { type: "left", at: 5, request: "a#1" }, ask("b", 60, { at: 6 }));
    expect(then(held.state, load({ at: 60_004 })).go).toEqual([]);
    expect(then(held.state, load({ at: 60_006 })).go).toEqual(["b"]);
  });

  test("at the end of its work the place is free at once", () => {
    const held = given(load(), busy, ask("a#1", 60), { type: "left", at: 5, request: "a#1" }, ask("b", 60, { at: 6 }));
    expect(then(held.state, { type: "ended", at: 7, session: "a" }).go).toEqual(["b"]);
  });

  test("a single session larger than the pool still goes", () => {
    expect(given(load(), ask("a", 500)).go).toEqual(["a"]);
  });

  test("a parent that waits for its helper holds no place, and is served before newcomers when it is back", () => {
    const nested = given(
      load(),
      ask("p#1", 80),
      { type: "left", at: 1, request: "p#1" },
      ask("other", 80, { at: 2 }),
      ask("h#1", 70, { at: 3, role: "scout", parent: "p" }),
    );
    // The Worker that waited before the helper came goes first; the helper follows it.
    expect(nested.go).toEqual(["p#1", "other"]);
    const back = then(
      nested.state,
      { type: "left", at: 4, request: "other" },
      { type: "ended", at: 4, session: "other" },
      ask("late", 90, { at: 5 }),
      ask("p#2", 85, { at: 5 }),
      { type: "left", at: 6, request: "h#1" },
      { type: "ended", at: 6, session: "h" },
    );
    expect(back.go).toEqual(["h#1", "p#2"]);
  });

  test("when sessions outgrow the pool the eldest goes on, and who is forgotten for it loses its place", () => {
    const grown = given(
      load(),
      ask("old#1", 40, { at: 0 }),
      ask("young#1", 40, { at: 1 }),
      { type: "left", at: 2, request: "old#1" },
      { type: "left", at: 2, request: "young#1" },
      ask("old#2", 70, { at: 3 }),
      ask("young#2", 60, { at: 4 }),
    );
    expect(grown.go).toEqual(["old#1", "young#1", "old#2"]);
    expect(grown.state.residents.map(({ session }) => session)).toEqual(["old"]);
  });

  test("what was unused longest is forgotten first, and only its session loses its place", () => {
    const idle = given(
      load(),
      ask("first#1", 20, { at: 0 }),
      ask("small#1", 25, { at: 1 }),
      ask("large#1", 45, { at: 2 }),
      ...["first#1", "small#1", "large#1"].map((request): AdmissionEvent => ({ type: "left", at: 3, request })),
      ask("first#2", 50, { at: 4 }),
    );
    expect(idle.go).toContain("first#2");
    expect(idle.state.residents.map(({ session }) => session).sort()).toEqual(["first", "large"]);
  });

  test("of those that lost their places the smallest comes back first", () => {
    const lost = given(
      load(),
      ask("large#1", 50, { at: 0 }),
      ask("small#1", 40, { at: 1 }),
      { type: "left", at: 2, request: "large#1" },
      { type: "left", at: 2, request: "small#1" },
      load({ at: 70_000 }),
      ask("other#1", 95, { at: 70_000 }),
      ask("large#2", 50, { at: 70_001 }),
      ask("small#2", 40, { at: 70_002 }),
      { type: "left", at: 70_003, request: "other#1" },
      { type: "ended", at: 70_003, session: "other" },
    );
    expect(lost.go.slice(3)).toEqual(["small#2", "large#2"]);
  });
});

describe("what the server's cache still has", () => {
  const idle = (request: string, at: number): AdmissionEvent => ({ type: "left", at, request });

  test("a newcomer waits while the server would forget for it who is about to go on", () => {
    const quick = given(load(), busy, ask("a#1", 60), idle("a#1", 5));
    expect(then(quick.state, ask("small", 40, { at: 6 })).go).toEqual([]);
    expect(then(quick.state, ask("small", 15, { at: 6 })).go).toEqual(["small"]);
    expect(then(quick.state, ask("a#2", 70, { at: 6 }), ask("small", 30, { at: 6 })).go).toEqual(["a#2", "small"]);
  });

  test("nobody waits for a session that others' requests will have pushed out before it is back", () => {
    const quick = given(load(), busy, ask("a#1", 60), idle("a#1", 5));
    // Others take 10 tokens a second; after 4 s the session is taken to be away for 4 s more.
    const turns = [1, 2, 3, 4].flatMap((second): AdmissionEvent[] => [
      ask(`b#${second}`, 10 * second, { at: second * 1_000 }),
      idle(`b#${second}`, second * 1_000 + 500),
    ]);
    expect(then(quick.state, ...turns, ask("big", 40, { at: 4_600 })).go).toContain("big");
  });

  test("who comes back to a forgotten prefix goes after who comes back to one that is there", () => {
    const lost = given(
      load(),
      busy,
      ask("old#1", 30),
      idle("old#1", 1),
      load({ at: 61_000 }),
      ask("new#1", 80, { at: 61_000 }),
      idle("new#1", 61_001),
      ...["x", "y", "z"].map((name) => ask(name, 0, { at: 61_002 })),
      ask("old#2", 10, { at: 61_003 }),
      ask("new#2", 90, { at: 61_004 }),
    );
    expect(lost.go).toEqual(["busy", "old#1", "new#1", "x", "y", "z"]);
    expect(lost.state.begun).toEqual(["old"]);
    expect(then(lost.state, idle("x", 61_005)).go).toEqual(["new#2"]);
  });

  test("newcomers fill the pool to three quarters: the rest is for those who are in it", () => {
    const ready = then(initialAdmission(settings), load()).state;
    const part = { ...settings, freshShare: 0.75 };
    const first = play(part, ready, [ask("a#1", 40), ask("b", 30), ask("c", 10)]);
    expect(first.go).toEqual(["a#1", "b"]);
    expect(play(part, first.state, [idle("a#1", 1), ask("a#2", 60, { at: 2 })]).go).toEqual(["a#2"]);
  });

  test("what Workers begin with alike counts once", () => {
    const alike = { ...settings, openingShare: 0.8 };
    const { go } = play(alike, initialAdmission(alike), [load(), ask("a", 50), ask("b", 60), ask("c", 60)]);
    // 50, then 60 less 40 each.
    expect(go).toEqual(["a", "b", "c"]);
  });

  test("metrics that say another size are another cache, with what is under way in it", () => {
    const before = given(load(), ask("a#1", 60), idle("a#1", 1), ask("b", 20, { at: 2 }));
    const after = then(before.state, load({ at: 3, kvTokens: 200 })).state.cache;
    expect(after).toMatchObject({ size: 200, blank: 120, left: [{ session: "a", tokens: 60, whole: true }] });
  });

  test.each([
    ["a counter that fell", [load({ at: 3, preemptions: 0 })]],
    ["metrics after a long silence", [{ type: "tick", at: 30_000 }, load({ at: 30_001, preemptions: 5 })] as const],
  ])("a server that started anew (%s) remembers nothing, and nobody is kept a place for", (_, events) => {
    const before = given(load({ preemptions: 5 }), ask("a#1", 60), idle("a#1", 1), ask("b", 20, { at: 2 }));
    const { state } = then(before.state, ...events);
    expect(state.cache).toMatchObject({ size: 100, blank: 80, left: [] });
    expect(state).toMatchObject({ residents: [{ session: "b" }], begun: ["a"] });
  });
});

describe("nobody waits for ever", () => {
  test("who would make the server forget somebody waits no longer than its patience", () => {
    const held = given(load(), busy, ask("a#1", 60), { type: "left", at: 5, request: "a#1" }, ask("b", 60, { at: 6 }));
    const fresh = ["a#2", "a#3"].flatMap((request, index): AdmissionEvent[] => [
      load({ at: 30_000 * (index + 1) }),
      ask(request, 60, { at: 30_000 * (index + 1) }),
      { type: "left", at: 30_000 * (index + 1) + 1, request },
    ]);
    expect(then(held.state, ...fresh).go).toEqual(["a#2", "a#3"]);
    expect(then(held.state, ...fresh, load({ at: 60_007 })).go).toEqual(["a#2", "a#3", "b"]);
  });

  test("a large session that waited too long gets what becomes free, smaller newcomers wait behind it", () => {
    const full = given(load(), ask("a", 60), ask("big", 90, { at: 1 }));
    const later = then(full.state, load({ at: 61_000 }), ask("small", 20, { at: 61_001 }));
    expect(later.go).toEqual([]);
    expect(
      then(later.state, { type: "left", at: 61_002, request: "a" }, { type: "ended", at: 61_002, session: "a" }).go,
    ).toEqual(["big"]);
  });

  test("a session that had its turn lines up behind it", () => {
    const full = given(load(), ask("a#1", 60), ask("big", 90, { at: 1 }));
    const turn = then(full.state, load({ at: 190_000 }), { type: "left", at: 190_001, request: "a#1" });
    expect(turn.go).toEqual(["big"]);
    expect(then(turn.state, ask("a#2", 60, { at: 190_002 })).go).toEqual([]);
  });

  test("two owners come to equal parts: who has least is served first", () => {
    const both = given(
      load(),
      ask("x1", 40, { owner: "x" }),
      ask("x2", 40, { owner: "x" }),
      ask("x3", 40, { owner: "x" }),
      ask("y1", 40, { owner: "y" }),
      { type: "left", at: 1, request: "x1" },
      { type: "ended", at: 1, session: "x1" },
    );
    expect(both.go).toEqual(["x1", "x2", "y1"]);
  });
});

describe("the server's load", () => {
  test("preemptions and a standing queue slow the swarm, quiet readings speed it up again", () => {
    const start = given(load()).state;
    const preempted = then(start, load({ at: 1_000, preemptions: 3 })).state;
    expect(preempted.budget.tokens).toBe(70);
    const queued = then(start, load({ at: 1_000, waiting: 2 }), load({ at: 2_000, waiting: 2 })).state;
    expect(queued.budget.requests).toBe(2);
    let state = queued;
    for (let at = 3_000; at < 13_000; at += 1_000) state = then(state, load({ at })).state;
    expect(state.budget).toMatchObject({ requests: 4, tokens: 100, part: 1, pace: 1 });
  });

  test("one burst slows once, not at every reading of it", () => {
    const slowed = given(load(), ...[1, 2, 3].map((at) => load({ at: at * 1_000, preemptions: at }))).state;
    expect(slowed.budget.tokens).toBe(70);
  });

  test.each([
    ["a share above one", { kvUsage: 1.5 }],
    ["a negative count", { waiting: -1 }],
    ["no number", { running: Number.NaN }],
    ["an empty pool", { kvTokens: 0 }],
    ["sessions of less than nothing", { sessionTokens: -1 }],
  ])("%s is not believed: the static limit holds, and the state says why", (_, lie) => {
    const { state } = given(load(), load({ at: 1, ...lie }));
    expect(state.budget).toMatchObject({ mode: "implausible", requests: 2 });
    expect(state.budget.tokens).toBeUndefined();
    expect(then(state, load({ at: 2 })).state.budget.mode).toBe("metrics");
  });

  test("readings that stop count no longer after a while", () => {
    const { state } = given(load(), { type: "tick", at: 10_001 });
    expect(state.budget).toMatchObject({ mode: "stale", requests: 2 });
  });

  test("a counter that falls is a restart of the server, not a burst", () => {
    expect(given(load({ preemptions: 9 }), load({ at: 1, preemptions: 0 })).state.budget.part).toBe(1);
  });
});

test("who waits can be told how many go before", () => {
  const { state } = given(ask("a", 1), ask("b", 1), ask("c", 1), ask("d", 1), ask("s", 1, { role: "scout" }));
  expect(["a", "c", "d", "s"].map((each) => ahead(state, each, 0, settings))).toEqual([undefined, 0, 1, 2]);
});
