import type { Admission, AdmissionSettings, Resident, UnitRole, Waiting } from "./model.ts";

/** Lower goes first. The same order is sent to a server that schedules by priority. */
export const ROLE_RANK: Readonly<Record<UnitRole, number>> = {
  person: 0,
  commander: 0,
  worker: 1,
  scout: 2,
  librarian: 2,
  job: 3,
};

/** Whether somebody waits for this role's every word: such requests take no turn. */
export function goesAtOnce(role: UnitRole): boolean {
  return ROLE_RANK[role] === 0;
}

/** A session's turn is over once it kept its place for `turnMs`; that matters only while somebody's patience is over. */
export function turnOver(resident: Resident, now: number, settings: AdmissionSettings): boolean {
  return now - resident.since >= settings.turnMs;
}

export function impatient(waiting: Waiting, now: number, settings: AdmissionSettings): boolean {
  return now - waiting.since >= settings.patienceMs;
}

/**
 * The queue as it is served: people and the Commander; who waited too long; sessions that hold a place, the eldest first, so
 * that begun work ends before new work begins; those that lost theirs in the middle of their work, the smallest first, since
 * most of it is read again; newcomers, the owner that has least first, then by role, then by arrival.
 */
export function inOrder(state: Admission, now: number, settings: AdmissionSettings): readonly Waiting[] {
  const seats = new Map(state.residents.map((each) => [each.session, each]));
  const held = new Map<string, number>();
  for (const each of state.residents) held.set(each.owner, (held.get(each.owner) ?? 0) + each.tokens);
  const keys = new Map(
    state.queue.map((each): [string, readonly number[]] => {
      const seat = seats.get(each.session);
      if (goesAtOnce(each.role)) return [each.request, [0, 0, 0, each.seq]];
      if (impatient(each, now, settings)) return [each.request, [1, 0, 0, each.seq]];
      if (seat) return [each.request, [2, seat.since, 0, each.seq]];
      if (state.begun.includes(each.session)) return [each.request, [3, each.tokens, 0, each.seq]];
      return [each.request, [4, held.get(each.owner) ?? 0, ROLE_RANK[each.role], each.seq]];
    }),
  );
  return [...state.queue].sort((a, b) => compare(keys.get(a.request) ?? [], keys.get(b.request) ?? []));
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [at, value] of a.entries()) {
    const difference = value - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
