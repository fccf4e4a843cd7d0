import type { Opening, UnitRole } from "./model.ts";

/** A request's size and whose it is. */
interface Unit {
  session: string;
  owner: string;
  role: UnitRole;
  tokens: number;
}

/** Roles with a prompt of the swarm's, of which several are at work at once. */
const ALIKE: ReadonlySet<UnitRole> = new Set<UnitRole>(["worker", "scout", "librarian"]);
/** A Worker's first request is 24 KB at most, and the briefing: what is larger was no first one (this process began later). */
const MOST_TOKENS = 8_000;

/** Swarms of one process that matter at a time, three roles each: those of long ago are forgotten. */
const MOST = 48;

/**
 * @param share part of the smallest request of a role that all of its requests have, 0 to 1.
 * @param here whether a session holds a place or waits for one: else somebody else is counted with the opening from now on.
 */
export function noteOpening(
  openings: readonly Opening[],
  unit: Unit,
  share: number,
  here: (session: string) => boolean,
): readonly Opening[] {
  const { owner, role } = unit;
  if (!ALIKE.has(role)) return openings;
  const known = openings.find((each) => each.owner === owner && each.role === role);
  const tokens = Math.min(known?.tokens ?? MOST_TOKENS, Math.floor(unit.tokens * share));
  const session = known && here(known.session) ? known.session : unit.session;
  if (known?.tokens === tokens && known.session === session) return openings;
  return [...openings.filter((each) => each !== known), { owner, role, session, tokens }].slice(-MOST);
}

/** Tokens that a session takes itself: all but the opening that another one is counted with. */
export function ownTokens(openings: readonly Opening[], unit: Unit): number {
  const known = openings.find((each) => each.owner === unit.owner && each.role === unit.role);
  return known === undefined || known.session === unit.session ? unit.tokens : Math.max(1, unit.tokens - known.tokens);
}
