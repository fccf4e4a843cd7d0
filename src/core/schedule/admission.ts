import { ageBudget, type Budget, initialBudget, observeLoad } from "./budget.ts";
import type { Admission, AdmissionEvent, AdmissionSettings, Resident, Waiting } from "./model.ts";
import { goesAtOnce, impatient, inOrder, turnOver } from "./order.ts";

export function initialAdmission(settings: AdmissionSettings): Admission {
  return { budget: initialBudget(settings), queue: [], residents: [], begun: [], seq: 0 };
}

/**
 * One step: what happened, and which requests may go now, in this order.
 *
 * Promises, whatever the order of events: a request goes at most once; at most `budget.requests` are with the server, people's
 * and Commanders' beside; sessions' tokens stay within the budget unless a single one needs more, or requests under way grow;
 * as long as answers end, every request that does not leave goes.
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
      return arrived(state, event);
    case "left":
      return {
        ...state,
        queue: state.queue.filter((each) => each.request !== event.request),
        residents: state.residents.map((each) => (each.active.includes(event.request) ? answered(each, event) : each)),
      };
    case "ended":
      return {
        ...state,
        begun: state.begun.filter((session) => session !== event.session),
        // With an answer still under way its blocks are in use: it goes by its age then.
        residents: state.residents.filter((each) => each.session !== event.session || each.active.length > 0),
      };
    case "load":
      return { ...state, budget: observeLoad(state.budget, event.load, settings) };
    case "tick":
      return state;
  }
}

function arrived(state: Admission, event: AdmissionEvent & { type: "arrived" }): Admission {
  const { at, type: _, parent, ...unit } = event;
  // A parent that waits for its helper holds no place: else the helpers of a full house would wait for it forever.
  const waits = state.residents.find((each) => each.session === parent && each.active.length === 0);
  return {
    ...state,
    residents: waits ? state.residents.filter((each) => each !== waits) : state.residents,
    begun: waits ? [...state.begun, waits.session] : state.begun,
    queue: [...state.queue, { ...unit, since: at, seq: state.seq }],
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
  let { queue } = state;
  let residents = state.residents.filter((each) => each.active.length > 0 || now - each.lastUsed <= settings.holdMs);
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
    const kept = makeRoom(next, residents, {
      budget: state.budget,
      now,
      settings,
      force: atOnce || running === 0,
    });
    if (kept === undefined) {
      somebodyWaitsTooLong ||= impatient(next, now, settings);
      continue;
    }
    residents = [...kept, seat(next, seated, now)];
    queue = queue.filter((each) => each.request !== next.request);
    go.push(next.request);
  }
  const seated = new Set(residents.map(({ session }) => session));
  const begun = [...new Set([...state.begun, ...state.residents.map(({ session }) => session)])];
  return { state: { ...state, queue, residents, begun: begun.filter((session) => !seated.has(session)) }, go };
}

function seat(next: Waiting, seated: Resident | undefined, now: number): Resident {
  const { request, session, owner, role, tokens } = next;
  const active = [...(seated?.active ?? []), request];
  return {
    session,
    owner,
    role,
    tokens: Math.max(tokens, seated?.tokens ?? 0),
    since: seated?.since ?? now,
    lastUsed: now,
    active,
  };
}

/** The other sessions that keep their places when `next` goes, or undefined where it cannot go yet. */
function makeRoom(
  next: Waiting,
  residents: readonly Resident[],
  about: { budget: Budget; now: number; settings: AdmissionSettings; force: boolean },
): readonly Resident[] | undefined {
  const { budget, now, settings } = about;
  const seated = residents.find((each) => each.session === next.session);
  let others = residents.filter((each) => each !== seated);
  const { tokens } = budget;
  if (tokens === undefined) return others;
  const beside = budget.load?.sessionTokens ?? 0;
  const total = () => others.reduce((sum, each) => sum + each.tokens + beside, next.tokens + beside);
  // Who sends nothing at the moment may lose its place: to anybody who must go; to a session that came before it; to who
  // waited too long, once its own turn is over. The smallest loses first: it has the least to read again.
  const mayLose = others
    .filter((each) => each.active.length === 0)
    .filter(
      (each) =>
        about.force ||
        (seated !== undefined && each.since > seated.since) ||
        (impatient(next, now, settings) && turnOver(each, now, settings)),
    )
    .sort((a, b) => a.tokens - b.tokens);
  for (const loser of mayLose) {
    if (total() <= tokens) break;
    others = others.filter((each) => each !== loser);
  }
  return total() <= tokens || about.force ? others : undefined;
}
