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

/** @param share part of the smallest request of a role that all of its requests have, 0 to 1. */
export function noteOpening(openings: readonly Opening[], unit: Unit, share: number): readonly Opening[] {
  const { owner, role, session } = unit;
  if (!ALIKE.has(role)) return openings;
  const tokens = Math.min(MOST_TOKENS, Math.floor(unit.tokens * share));
  const known = openings.find((each) => each.owner === owner && each.role === role);
  if (!known) return [...openings, { owner, role, session, tokens }];
  return tokens < known.tokens ? openings.map((each) => (each === known ? { ...known, tokens } : each)) : openings;
}

/** Tokens that a session takes itself: all but the opening that another one is counted with. */
export function ownTokens(openings: readonly Opening[], unit: Unit): number {
  const known = openings.find((each) => each.owner === unit.owner && each.role === unit.role);
  return known === undefined || known.session === unit.session ? unit.tokens : Math.max(1, unit.tokens - known.tokens);
}
