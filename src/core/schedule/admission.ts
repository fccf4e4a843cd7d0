import { ageBudget, type Budget, initialBudget, observeLoad, type ServerLoad } from "./budget.ts";
import {
  type CacheMirror,
  emptyMirror,
  ahead as inFront,
  isWhole,
  leftBehind,
  over,
  paceAt,
  used,
  wanted,
} from "./cacheMirror.ts";
import type { Admission, AdmissionEvent, AdmissionSettings, Resident, Waiting } from "./model.ts";
import { noteOpening, ownTokens } from "./openings.ts";
import { goesAtOnce, impatient, inOrder, turnOver } from "./order.ts";

/** A session that answered just now is taken to be back after this (ms): a quick tool. Later, after as long again. */
const SOON_MS = 300;

export function initialAdmission(settings: AdmissionSettings): Admission {
  return { budget: initialBudget(settings), queue: [], residents: [], begun: [], openings: [], seq: 0 };
}

/**
 * One step: what happened, and which requests may go now, in this order.
 *
 * Promises, whatever the order of events: a request goes at most once; at most `budget.requests` are with the server, people's
 * and Commanders' beside; the tokens of requests under way stay within the budget unless a single one needs more, or it
 * shrinks; as long as answers end, every request that does not leave goes.
 */
export function admit(
  before: Admission,
  event: AdmissionEvent,
  settings: AdmissionSettings,
): { state: Admission; go: readonly string[] } {
  const noted = note(before, event, settings);
  return release({ ...noted, budget: ageBudget(noted.budget, event.at, settings) }, event.at, settings);
}

/** How many requests go before `request`; undefined where it does not wait. */
export function ahead(state: Admission, request: string, now: number, settings: AdmissionSettings): number | undefined {
  const at = inOrder(state, now, settings).findIndex((each) => each.request === request);
  return at === -1 ? undefined : at;
}

function note(state: Admission, event: AdmissionEvent, settings: AdmissionSettings): Admission {
  switch (event.type) {
    case "arrived":
      return arrived(state, event, settings);
    case "left":
      return left(state, event);
    case "ended":
      return {
        ...state,
        begun: state.begun.filter((session) => session !== event.session),
        // With an answer still under way its blocks are in use: it goes by its age then.
        residents: state.residents.filter((each) => each.session !== event.session || each.active.length > 0),
        ...(state.cache ? { cache: over(state.cache, event.session) } : {}),
      };
    case "load":
      return heard(state, event, settings);
    case "tick":
      return state;
  }
}

/** Metrics. The mirror of the server's cache is made anew when its size is heard for the first time or is another one. */
function heard(state: Admission, event: AdmissionEvent & { type: "load" }, settings: AdmissionSettings): Admission {
  const before = state.budget;
  const budget = observeLoad(before, event.load, settings);
  const [size, beside] = [budget.load?.kvTokens, budget.load?.sessionTokens ?? 0];
  const emptied = budget.mode === "metrics" && beganAnew(before, event.load);
  if (size === undefined || (!emptied && size === state.cache?.size && beside === state.cache.beside))
    return { ...state, budget };
  const places = emptied ? state.residents.filter((each) => each.active.length > 0) : state.residents;
  const idle = places.filter((each) => each.active.length === 0).toSorted((a, b) => a.lastUsed - b.lastUsed);
  return { ...state, budget, cache: idle.reduce(leftBehind, emptyMirror(size, beside, places, event.at)) };
}

/** A server that started anew remembers nothing: a counter of it fell, or nothing was heard of it for long. */
function beganAnew({ mode, load }: Budget, now: ServerLoad): boolean {
  return mode === "stale" || (now.preemptions ?? 0) < (load?.preemptions ?? 0);
}

function left(state: Admission, event: AdmissionEvent & { type: "left" }): Admission {
  const of = state.residents.find((each) => each.active.includes(event.request));
  const queue = state.queue.filter((each) => each.request !== event.request);
  if (!of) return { ...state, queue };
  const now = answered(of, event);
  const residents = state.residents.map((each) => (each === of ? now : each));
  if (!state.cache || now.active.length > 0) return { ...state, queue, residents };
  return { ...state, queue, residents, cache: leftBehind(state.cache, now) };
}

function arrived(
  state: Admission,
  event: AdmissionEvent & { type: "arrived" },
  settings: AdmissionSettings,
): Admission {
  const { at, type: _, parent, ...unit } = event;
  const here = (session: string) => [...state.residents, ...state.queue].some((each) => each.session === session);
  const openings = noteOpening(state.openings, unit, settings.openingShare, here);
  // A parent that waits for its helper holds no place: else the helpers of a full house would wait for it forever.
  const waits = state.residents.find((each) => each.session === parent && each.active.length === 0);
  return {
    ...state,
    residents: waits ? state.residents.filter((each) => each !== waits) : state.residents,
    begun: waits ? [...state.begun, waits.session] : state.begun,
    openings,
    queue: [...state.queue, { ...unit, tokens: ownTokens(openings, unit), since: at, seq: state.seq }],
    seq: state.seq + 1,
  };
}

function answered(resident: Resident, event: AdmissionEvent & { type: "left" }): Resident {
  return {
    ...resident,
    active: resident.active.filter((request) => request !== event.request),
    lastUsed: event.at,
  };
}

function release(
  state: Admission,
  now: number,
  settings: AdmissionSettings,
): { state: Admission; go: readonly string[] } {
  let { queue, cache } = state;
  const keepsPlace = (each: Resident) =>
    now - each.lastUsed <= settings.holdMs && (cache === undefined || isWhole(cache, each.session));
  let residents = state.residents.filter((each) => each.active.length > 0 || keepsPlace(each));
  // Most events find nobody waiting, and nobody's place run out.
  if (queue.length === 0 && residents.length === state.residents.length) return { state, go: [] };
  const go: string[] = [];
  let somebodyWaitsTooLong = false;
  for (const next of inOrder({ ...state, residents }, now, settings)) {
    const sent = residents.flatMap(({ role, active }) => active.map(() => role));
    const running = sent.length;
    const atOnce = goesAtOnce(next.role);
    if (!atOnce && sent.filter((role) => !goesAtOnce(role)).length >= state.budget.requests) continue;
    const seated = residents.find((each) => each.session === next.session);
    // What becomes free is kept for whoever waited too long: smaller newcomers may not take it again and again, and a session
    // that had its turn lines up anew.
    if (somebodyWaitsTooLong && !atOnce && !(seated && !turnOver(seated, now, settings)) && running > 0) continue;
    if (!atOnce && running > 0 && !fits(next, residents, { budget: state.budget, cache, now, settings })) {
      somebodyWaitsTooLong ||= impatient(next, now, settings);
      continue;
    }
    const underWay = seated && seated.active.length > 0 ? seated.tokens : undefined;
    cache &&= used(cache, next, now, underWay);
    residents = [...residents.filter((each) => each !== seated), seat(next, seated, now)];
    queue = queue.filter((each) => each.request !== next.request);
    go.push(next.request);
  }
  // Those that were forgotten for who goes now have lost their places.
  residents = residents.filter((each) => each.active.length > 0 || keepsPlace(each));
  const seated = new Set(residents.map(({ session }) => session));
  const begun = [...new Set([...state.begun, ...state.residents.map(({ session }) => session)])];
  return {
    state: {
      ...state,
      queue,
      residents,
      begun: begun.filter((session) => !seated.has(session)),
      ...(cache ? { cache } : {}),
    },
    go,
  };
}

function seat(next: Waiting, seated: Resident | undefined, now: number): Resident {
  const { request, session, owner, role, tokens } = next;
  const active = [...(seated?.active ?? []), request];
  return {
    session,
    owner,
    role,
    // Shorter than before where the host summarized the session.
    tokens: seated && seated.active.length > 0 ? Math.max(tokens, seated.tokens) : tokens,
    since: seated?.since ?? now,
    lastUsed: now,
    active,
  };
}

/** Whether `next` can go now: what is under way fits with it, and it makes the server forget nobody who is about to go on. */
function fits(
  next: Waiting,
  residents: readonly Resident[],
  about: { budget: Budget; cache: CacheMirror | undefined; now: number; settings: AdmissionSettings },
): boolean {
  const { budget, cache, now, settings } = about;
  if (budget.tokens === undefined) return true;
  const beside = budget.load?.sessionTokens ?? 0;
  const others = residents.filter((each) => each.session !== next.session);
  const underWay = others
    .filter((each) => each.active.length > 0)
    .reduce((sum, each) => sum + each.tokens + beside, next.tokens + beside);
  if (underWay > budget.tokens) return false;
  if (impatient(next, now, settings) || cache === undefined || isWhole(cache, next.session)) return true;
  if (residents.some((each) => each.session === next.session && each.active.length > 0)) return true;
  if (underWay > budget.tokens * settings.freshShare) return false;
  const room = wanted(cache, next);
  const pace = paceAt(cache, now);
  return !others.some((each) => {
    if (each.active.length > 0) return false;
    const kept = settings.keepFactor * pace * Math.max(SOON_MS, now - each.lastUsed);
    const before = inFront(cache, each.session, next.session);
    return before >= kept && before - room < kept;
  });
}
